/**
 * An audit log as JSON lines: each entry with its hashes, and at the end what was handed out, so that a file can be
 * checked without the database, and one that was cut short is noticed.
 */
import { z } from "zod";
import { canonicalJson } from "../domain/json.ts";
import { HoldpointError } from "../errors.ts";
import {
  type Anchor,
  type ChainCheck,
  type ChainEntry,
  type ChainFault,
  ChainFollower,
  prunedBy,
} from "./audit-chain.ts";
import { findPruned, readEntries, readHead } from "./audit-check.ts";
import type { Ledger } from "./database.ts";

const Hash = z.string().regex(/^[0-9a-f]{64}$/, "expected a SHA-256 digest");

const EntryLine = z.object({
  tenant: z.string(),
  seq: z.int(),
  at: z.string(),
  principal: z.string(),
  event: z.string(),
  runId: z.string().nullable(),
  /** JSON; or where it is not the canonical text of any, and so was altered, the text as it is. */
  data: z.unknown(),
  /** The same; null once it was forgotten. */
  detail: z.unknown(),
  salt: z.string().nullable(),
  prevHash: z.string(),
  hash: z.string(),
});

/** The last line: which entries came before it, the hash of the last, and how many there are in all. */
const EndLine = z.object({
  end: z.object({ tenant: z.string(), from: z.int(), to: z.int(), hash: Hash, head: z.int() }),
});

type End = z.infer<typeof EndLine>["end"];

const AnchorLine = z.object({ tenant: z.string(), seq: z.int().nonnegative(), hash: Hash, at: z.string() });

const Line = z.union([EndLine, EntryLine]);

function toLine(entry: ChainEntry): string {
  return `${JSON.stringify({ ...entry, data: readable(entry.data), detail: readable(entry.detail) })}\n`;
}

/** The value of a canonical JSON text; any other text was altered, and stays as it is: whoever verifies it is told. */
function readable(text: string | null): unknown {
  if (text === null) return null;
  try {
    const parsed: unknown = JSON.parse(text);
    return canonicalJson(parsed) === text ? parsed : text;
  } catch {
    return text;
  }
}

const stored = (value: unknown): string => (typeof value === "string" ? value : canonicalJson(value));

/**
 * A tenant's entries from one number to another, both included, a page of lines at a time, and then the end. What
 * retention has removed is left out.
 * @throws HoldpointError `busy` when retention removed entries meanwhile: the lines are no whole part of the log then
 */
export async function* exportAudit(
  db: Ledger,
  tenant: string,
  options: { from?: number | undefined; to?: number | undefined } = {},
): AsyncGenerator<string> {
  const head = await readHead(db, tenant);
  const pruned = await findPruned(db, tenant, head.seq);
  const from = Math.max(options.from ?? 1, ((pruned && prunedBy(pruned)?.seq) ?? 0) + 1);
  const to = Math.min(options.to ?? head.seq, head.seq);
  let { hash } = head;
  for await (const page of readEntries(db, tenant, { from, to })) {
    hash = page.at(-1)?.hash ?? hash;
    yield page.map(toLine).join("");
  }
  const after = await findPruned(db, tenant, (await readHead(db, tenant)).seq);
  if (after?.seq !== pruned?.seq) {
    throw new HoldpointError("busy", "Retention removed entries while the log was exported.", {
      hint: "Export it again.",
    });
  }
  yield `${JSON.stringify({ end: { tenant, from, to, hash, head: head.seq } })}\n`;
}

/**
 * Checks lines that {@link exportAudit} made. A part of a log is checked within itself: what stood before it is believed.
 * @param anchors heads that were kept elsewhere; those of other tenants do not count
 */
export async function checkExport(
  lines: AsyncIterable<string>,
  anchors: readonly Anchor[] = [],
): Promise<ChainCheck & { tenant: string | null }> {
  const file = new FileFollower(anchors);
  let number = 0;
  for await (const text of lines) {
    number++;
    if (text.trim() === "") continue;
    const fault = file.take(parseLine(text), number);
    if (fault) return file.check(fault);
  }
  return file.check(file.end() ?? null);
}

/** Follows the lines of one file. */
class FileFollower {
  readonly #anchors: readonly Anchor[];
  #chain = new ChainFollower();
  #first: ChainEntry | undefined;
  #end: End | undefined;

  constructor(anchors: readonly Anchor[]) {
    this.#anchors = anchors;
  }

  take(line: ReturnType<typeof parseLine>, number: number): ChainFault | undefined {
    if (!line || this.#end) return this.#unreadable(number);
    if ("end" in line) {
      this.#end = line.end;
      return undefined;
    }
    if (!this.#first) this.#start(line);
    return line.tenant === this.#first?.tenant ? this.#chain.take(line) : this.#unreadable(number);
  }

  /** What stands before the first entry of a part is taken from it; only those anchors count that are behind that. */
  #start(first: ChainEntry): void {
    this.#first = first;
    const own = this.#anchors.filter(({ tenant, seq }) => tenant === first.tenant && seq >= first.seq);
    const before = { seq: first.seq - 1, hash: first.prevHash };
    this.#chain = first.seq > 1 ? new ChainFollower(own, before) : new ChainFollower(own);
  }

  end(): ChainFault | undefined {
    const { seq } = this.#chain.last;
    if (!this.#end) {
      const message = `The file ends before entry ${seq + 1}, without the line that closes it.`;
      return { seq: seq + 1, kind: "truncated", message };
    }
    const { from, to, hash, head } = this.#end;
    if (to < from) return undefined;
    const first = this.#first?.seq ?? to + 1;
    if (first > from) {
      const message = `Entries ${from} to ${first - 1} are missing: the file began with them.`;
      return { seq: from, kind: "missing", message };
    }
    // What was forgotten is said later than it was written, and so perhaps behind a part.
    const lost = () => (to === head ? this.#chain.lostDetail() : undefined);
    return this.#chain.end({ seq: to, hash }) ?? lost() ?? this.#chain.removedFault(true);
  }

  check(fault: ChainFault | null): ChainCheck & { tenant: string | null } {
    return { tenant: this.#first?.tenant ?? this.#end?.tenant ?? null, ...this.#chain.check(fault) };
  }

  #unreadable(number: number): ChainFault {
    const message = `Line ${number} is no line of this exported audit log.`;
    return { seq: this.#chain.last.seq + 1, kind: "unreadable", message };
  }
}

function parseLine(text: string): ChainEntry | z.infer<typeof EndLine> | undefined {
  try {
    const parsed = Line.parse(JSON.parse(text));
    if ("end" in parsed) return parsed;
    const { data, detail } = parsed;
    return { ...parsed, data: stored(data), detail: detail === null ? null : stored(detail) };
  } catch {
    return undefined;
  }
}

/** An anchor as a line of a file. */
export const anchorLine = (anchor: Anchor): string => `${JSON.stringify(anchor)}\n`;

/** The anchor that a line holds, or undefined. */
export function parseAnchor(text: string): Anchor | undefined {
  try {
    return AnchorLine.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}
