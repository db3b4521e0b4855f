/** Whether entries of an audit log, as they come, are one whole chain: wherever they come from, table or file. */
import { hash } from "node:crypto";
import { z } from "zod";
import { digestOf } from "../domain/json.ts";

/** The hash before the first entry. */
export const GENESIS = "0".repeat(64);

/** An entry as it is stored: `data` is the canonical text that was hashed, and holds the digest of `detail`. */
export interface ChainEntry {
  readonly tenant: string;
  readonly seq: number;
  readonly at: string;
  readonly principal: string;
  readonly event: string;
  readonly runId: string | null;
  readonly data: string;
  /** Null once it was forgotten, and in entries whose `data` is all. */
  readonly detail: string | null;
  readonly salt: string | null;
  readonly prevHash: string;
  readonly hash: string;
}

/** A place in a chain: an entry's number, and its hash. */
export interface ChainHead {
  readonly seq: number;
  readonly hash: string;
}

/** A head that was kept elsewhere, and when. */
export interface Anchor extends ChainHead {
  readonly tenant: string;
  readonly at: string;
}

/** The first entry of a chain that does not fit, and how. */
export interface ChainFault {
  readonly seq: number;
  readonly kind:
    | "altered"
    | "missing"
    | "out_of_order"
    | "inserted"
    | "truncated"
    | "head"
    | "rewritten"
    | "unreadable";
  readonly message: string;
}

export interface ChainCheck {
  /** How many entries fit, up to the fault or to the end. */
  readonly entries: number;
  /** The last entry that fits. */
  readonly head: ChainHead;
  /** How many anchors were compared, and fit. */
  readonly anchors: number;
  /** The number up to which retention removed the entries; 0 when it removed none. */
  readonly removed: number;
  readonly fault: ChainFault | null;
}

/** The event of an entry that says up to which entry retention removed those before it, and what hash that one had. */
export const PRUNED = "audit.pruned";

const PrunedSchema = z.object({ through: z.int().positive(), hash: z.string() });

/** How far from its place an entry that does not fit is looked for. */
const SEARCHED = 2_000;

const contentDigest = ({ hash: _hash, detail: _detail, salt: _salt, ...content }: ChainEntry): string =>
  digestOf(content);

/** What an entry's `data` says of its detail. The salt keeps what was forgotten from being guessed. */
export const detailDigest = (salt: string, detail: string): string => hash("sha256", `${salt}\n${detail}`);

/** The digest that an entry's `data` promises of its detail; undefined where `data` is all that there is. */
export function promisedDetail(data: string): string | undefined {
  return /^\{"detail":"([0-9a-f]{64})"\}$/.exec(data)?.[1];
}

/** The number under which an entry was written, when it stands under another one; undefined when it was altered. */
function writtenAs(entry: ChainEntry): number | undefined {
  for (let distance = 1; distance <= SEARCHED; distance++) {
    for (const seq of [entry.seq - distance, entry.seq + distance]) {
      if (seq > 0 && contentDigest({ ...entry, seq }) === entry.hash) return seq;
    }
  }
  return undefined;
}

/** Where the chain begins, as an entry says whose content is what was written; whether that entry is in the chain is open. */
export function prunedBy(entry: ChainEntry): ChainHead | undefined {
  const { detail, salt } = entry;
  if (entry.event !== PRUNED || detail === null || contentDigest(entry) !== entry.hash) return undefined;
  return detailDigest(salt ?? "", detail) === promisedDetail(entry.data) ? prunedIn(detail) : undefined;
}

function prunedIn(detail: string): ChainHead | undefined {
  const parsed = PrunedSchema.safeParse(JSON.parse(detail));
  return parsed.success ? { seq: parsed.data.through, hash: parsed.data.hash } : undefined;
}

/** Follows one chain. Entries are given one by one; after a fault, none more. */
export class ChainFollower {
  readonly #anchors: Map<number, Anchor[]>;
  readonly #start: ChainHead;
  #last: ChainHead;
  #entries = 0;
  /** The last entry that retention removed, as the newest entry about it says. */
  #pruned: ChainHead | undefined;
  /** Entries whose detail is gone, by their runs; and what later entries say was forgotten: runs, and entries of none. */
  readonly #gone = new Map<string, number>();
  readonly #forgotten = new Set<string>();
  #fitting = 0;

  /** @param start what stands before the first entry; for a chain of which nothing was removed, nothing */
  constructor(anchors: readonly Anchor[] = [], start: ChainHead = { seq: 0, hash: GENESIS }) {
    this.#anchors = Map.groupBy(anchors, ({ seq }) => seq);
    this.#start = start;
    this.#last = start;
  }

  get last(): ChainHead {
    return this.#last;
  }

  /** Takes the next entry. @returns how it does not fit, or undefined */
  take(entry: ChainEntry): ChainFault | undefined {
    const fault =
      this.#placeFault(entry) ?? this.#contentFault(entry) ?? this.#detailFault(entry) ?? this.#anchorFault(entry);
    if (fault) return fault;
    this.#last = { seq: entry.seq, hash: entry.hash };
    this.#entries++;
    return undefined;
  }

  #placeFault({ seq }: ChainEntry): ChainFault | undefined {
    const expected = this.#last.seq + 1;
    if (seq === expected) return undefined;
    if (seq > expected) {
      const which = seq === expected + 1 ? `Entry ${expected} is` : `Entries ${expected} to ${seq - 1} are`;
      return { seq: expected, kind: "missing", message: `${which} missing.` };
    }
    const message = `Entry ${seq} stands where entry ${expected} should.`;
    return { seq, kind: seq > this.#start.seq ? "out_of_order" : "inserted", message };
  }

  #contentFault(entry: ChainEntry): ChainFault | undefined {
    const { seq } = entry;
    if (contentDigest(entry) !== entry.hash) {
      const place = writtenAs(entry);
      return place === undefined
        ? { seq, kind: "altered", message: `Entry ${seq} was altered: its content does not have its hash.` }
        : {
            seq,
            kind: "out_of_order",
            message: `Entry ${seq} was written as entry ${place}: their order was changed.`,
          };
    }
    if (entry.prevHash === this.#last.hash) return undefined;
    const message = `Entry ${seq} does not follow entry ${seq - 1}: one of the two was altered, and hashed again.`;
    return { seq, kind: "altered", message };
  }

  #detailFault({ seq, event, runId, data, detail, salt }: ChainEntry): ChainFault | undefined {
    const promised = promisedDetail(data);
    const altered = {
      seq,
      kind: "altered" as const,
      message: `Entry ${seq} was altered: its data is not what was written.`,
    };
    if (promised === undefined) return detail === null ? undefined : altered;
    if (detail === null) {
      // Whether it was forgotten is said by a later entry.
      if (salt !== null) return altered;
      const whose = runId ?? entryName(seq);
      if (!this.#gone.has(whose)) this.#gone.set(whose, seq);
      return undefined;
    }
    if (detailDigest(salt ?? "", detail) !== promised) return altered;
    if (event === PRUNED) this.#pruned = prunedIn(detail);
    if (event === "data.forgotten") for (const one of forgottenIn(detail)) this.#forgotten.add(one);
    return undefined;
  }

  /** What is gone without having been forgotten; to be asked when the end of the log was reached. */
  lostDetail(): ChainFault | undefined {
    const lost = [...this.#gone].filter(([run]) => !this.#forgotten.has(run)).map(([, seq]) => seq);
    if (lost.length === 0) return undefined;
    const seq = Math.min(...lost);
    return {
      seq,
      kind: "altered",
      message: `The data of entry ${seq} is gone, and no entry says that it was forgotten.`,
    };
  }

  /**
   * What is missing before the first entry without having been removed by retention, or is there although it was; to be
   * asked when the end of the log was reached.
   * @param isPart whether the entries are a part that somebody asked for, and may begin later
   */
  removedFault(isPart = false): ChainFault | undefined {
    const { seq, hash } = this.#start;
    const through = this.#pruned?.seq ?? 0;
    if (seq < through) {
      const message = `Entry ${seq + 1} is there, and a later entry says that retention removed it.`;
      return { seq: seq + 1, kind: "inserted", message };
    }
    if (seq > through) {
      if (isPart) return undefined;
      const which = seq === through + 1 ? `Entry ${seq} is` : `Entries ${through + 1} to ${seq} are`;
      const message = `${which} missing, and no entry says that retention removed ${seq === through + 1 ? "it" : "them"}.`;
      return { seq: through + 1, kind: "missing", message };
    }
    if (this.#pruned && this.#pruned.hash !== hash) {
      const message = `Entry ${seq + 1} does not follow the last entry that retention removed.`;
      return { seq: seq + 1, kind: "altered", message };
    }
    return this.#anchorFault(this.#start);
  }

  #anchorFault({ seq, hash }: ChainHead): ChainFault | undefined {
    for (const anchor of this.#anchors.get(seq) ?? []) {
      if (anchor.hash !== hash) {
        const message = `Entry ${seq} is not the one that was anchored at ${anchor.at}: the chain was written anew.`;
        return { seq, kind: "rewritten", message };
      }
      this.#fitting++;
    }
    return undefined;
  }

  /** What is said of the chain so far. */
  check(fault: ChainFault | null): ChainCheck {
    const removed = this.#pruned?.seq === this.#start.seq ? this.#start.seq : 0;
    return { entries: this.#entries, head: this.#last, anchors: this.#fitting, removed, fault };
  }

  /** Ends at a head that was kept beside the entries. @returns how it does not fit, or undefined */
  end(head: ChainHead): ChainFault | undefined {
    const { seq } = this.#last;
    if (seq < head.seq) return truncated(seq, head.seq, "");
    if (seq > head.seq || head.hash !== this.#last.hash) {
      return { seq: head.seq, kind: "head", message: `The head was altered: it is not entry ${seq}.` };
    }
    const beyond = Math.max(0, ...this.#anchors.keys());
    const anchor = this.#anchors.get(beyond)?.[0];
    return beyond > seq ? truncated(seq, beyond, ` Entry ${beyond} was anchored at ${anchor?.at}.`) : undefined;
  }
}

/** An entry of no run, as it stands beside runs. */
const entryName = (seq: number): string => `#${seq}`;

/** The runs, and the entries of no run, of which an entry says that they were forgotten. */
function forgottenIn(detail: string): string[] {
  const { runs, entries } = JSON.parse(detail) as { runs?: unknown; entries?: unknown };
  const listed = (given: unknown): unknown[] => (Array.isArray(given) ? given : []);
  return [...listed(runs).map(String), ...listed(entries).map((seq) => entryName(Number(seq)))];
}

function truncated(last: number, end: number, why: string): ChainFault {
  const which = end === last + 1 ? `Entry ${end} is` : `Entries ${last + 1} to ${end} are`;
  return { seq: last + 1, kind: "truncated", message: `${which} missing at the end.${why}` };
}
