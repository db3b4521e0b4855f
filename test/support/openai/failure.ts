/** Errors in the shape of OpenAI's API. */

export interface Failure {
  status: number;
  /** Goes out as the header Retry-After: seconds, or the text of a date. */
  retryAfter?: number | string;
  message?: string;
  type?: string;
  code?: string | null;
}

const USUAL: Readonly<Record<number, { message: string; type: string; code: string | null }>> = {
  400: { message: "The request was not understood.", type: "invalid_request_error", code: null },
  401: { message: "Incorrect API key provided.", type: "invalid_request_error", code: "invalid_api_key" },
  404: { message: "The model does not exist.", type: "invalid_request_error", code: "model_not_found" },
  429: { message: "Rate limit reached.", type: "requests", code: "rate_limit_exceeded" },
  500: { message: "The server had an error while processing your request.", type: "server_error", code: null },
  503: { message: "The engine is currently overloaded.", type: "server_error", code: null },
};

export function failureBody({ status, message, type, code }: Failure): string {
  const usual = USUAL[status] ?? { message: `Scripted status ${status}.`, type: "server_error", code: null };
  return JSON.stringify({
    error: {
      message: message ?? usual.message,
      type: type ?? usual.type,
      param: null,
      code: code === undefined ? usual.code : code,
    },
  });
}
