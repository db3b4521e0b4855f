/** Fetch for the streamable HTTP transport: answers are cut off where they get too long, and their end is told. */
import { AsyncLocalStorage } from "node:async_hooks";

/** A call that is under way. */
interface Waiting {
  /** Its stream of events has ended, and cannot be taken up again. */
  ended(): void;
}

/** Which call a request belongs to. */
export const waiting = new AsyncLocalStorage<Waiting>();

/** How long an answer that came with the end of its stream has to be taken, in milliseconds. */
const TAKEN_MS = 100;

/** The transport waits for the answer of a stream that ended, unless it is told. */
export function boundedFetch(maxBytes: number): typeof fetch {
  return async (input, init) => {
    const call = waiting.getStore();
    // The stream of what a server says by itself has no end and so no bound: it is said that there is none.
    const isListening = init?.method === "GET" && !new Headers(init.headers).has("last-event-id");
    if (isListening) return new Response(null, { status: 405 });
    const response = await fetch(input, init);
    const { body } = response;
    if (!body) return response;
    let size = 0;
    let canResume = false;
    const end = () => void (canResume || setTimeout(() => call?.ended(), TAKEN_MS).unref());
    const reader = body.getReader();
    const bounded = new ReadableStream<Uint8Array>({
      async pull(controller) {
        try {
          const { done, value } = await reader.read();
          if (done) {
            controller.close();
            end();
            return;
          }
          size += value.byteLength;
          // Events with an id can be asked for again.
          canResume ||= /(?:^|\n)id:/.test(Buffer.from(value).toString("latin1"));
          if (size > maxBytes) throw new Error(`it is longer than ${maxBytes} bytes`);
          controller.enqueue(value);
        } catch (error) {
          canResume = false;
          end();
          controller.error(error);
          await reader.cancel().catch(() => undefined);
        }
      },
      cancel: (reason) => reader.cancel(reason),
    });
    return new Response(bounded, response);
  };
}
