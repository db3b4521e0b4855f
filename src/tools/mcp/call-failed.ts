/** How a call of a tool fails. Apart from the client of MCP, which takes time to load. */

/** A call that came to no result. Its message holds no secrets. */
export class CallFailed extends Error {
  /** True where the tool was surely not run. */
  readonly nothingHappened: boolean;
  /** Of a JSON-RPC error, and of an HTTP answer. */
  readonly code: number | undefined;
  readonly status: number | undefined;

  constructor(message: string, about: { nothingHappened: boolean; code?: number; status?: number | undefined }) {
    super(message);
    this.name = "CallFailed";
    this.nothingHappened = about.nothingHappened;
    this.code = about.code;
    this.status = about.status;
  }
}
