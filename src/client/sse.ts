/** Server-sent events, as https://html.spec.whatwg.org/multipage/server-sent-events.html writes them. */

export interface SentEvent {
  readonly event: string;
  /** The last id that was sent, with this event or one before; empty while there is none. */
  readonly id: string;
  readonly data: string;
}

/** Larger events are taken for a fault. */
const MAX_EVENT = 16_000_000;

/** The events of a stream of text, until it ends; one that is cut off in the middle is none. */
export async function* readEvents(stream: AsyncIterable<string>): AsyncGenerator<SentEvent> {
  let id = "";
  let fields: [name: string, value: string][] = [];
  for await (const line of linesOf(stream)) {
    if (line !== "") {
      const [, name = "", value = ""] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
      fields.push([name, value]);
      continue;
    }
    const valuesOf = (field: string) => fields.filter(([name]) => name === field).map(([, value]) => value);
    id = valuesOf("id").at(-1) ?? id;
    const data = valuesOf("data");
    if (data.length > 0) yield { event: valuesOf("event").at(-1) || "message", id, data: data.join("\n") };
    fields = [];
  }
}

async function* linesOf(stream: AsyncIterable<string>): AsyncGenerator<string> {
  let text = "";
  for await (const piece of stream) {
    text += piece;
    if (text.length > MAX_EVENT) throw new Error(`An event has more than ${MAX_EVENT} characters.`);
    const lines = text.split(/\r\n|\n|\r(?!$)/);
    text = lines.pop() ?? "";
    yield* lines;
  }
}
