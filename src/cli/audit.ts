/** The commands on the audit log. */
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { HoldpointError } from "../errors.ts";
import type { Anchor, ChainCheck } from "../ledger/audit-chain.ts";
import { checkExport } from "../ledger/audit-export.ts";
import { maskText } from "../telemetry/mask.ts";
import { keepAnchor, readAnchors, unusable } from "../work/anchor.ts";
import { EXIT } from "./exit-status.ts";
import type { CommonOptions, Session, Surroundings } from "./session.ts";

export interface VerifyOptions extends CommonOptions {
  /** A file of heads that were kept outside. */
  anchor?: string;
}

export async function auditVerify({ backend, surroundings }: Session, options: VerifyOptions): Promise<number> {
  const { tenant } = await backend.whoAmI();
  const anchors = await anchorsOf(options, tenant);
  const check = await backend.checkAudit(anchors);
  assertCompared(options, check, anchors);
  return tell(surroundings, options, { tenant, ...check });
}

/** Checks a file that `audit export` wrote; no database is opened. */
export async function auditVerifyFile(
  surroundings: Surroundings,
  options: VerifyOptions & { file: string },
): Promise<number> {
  const input = createReadStream(options.file);
  const anchors = await anchorsOf(options);
  try {
    const check = await checkExport(createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY }), anchors);
    return tell(surroundings, options, check);
  } catch (error) {
    throw unusable(options.file, error);
  } finally {
    input.destroy();
  }
}

/** Anchors that say nothing of the tenant would pass for a check that was made. */
async function anchorsOf({ anchor: path }: VerifyOptions, tenant?: string): Promise<Anchor[]> {
  if (path === undefined) return [];
  const anchors = await readAnchors(path);
  if (anchors.some((anchor) => tenant === undefined || anchor.tenant === tenant)) return anchors;
  throw new HoldpointError("usage", `${path} holds no anchor of this audit log.`, {
    hint: "Give --anchor a file that `audit anchor --to` wrote for it.",
  });
}

/** So would anchors of which none could be compared. */
function assertCompared({ anchor: path }: VerifyOptions, check: ChainCheck, anchors: readonly Anchor[]): void {
  if (anchors.length === 0 || check.anchors > 0 || check.fault || check.removed === 0) return;
  throw new HoldpointError("usage", `Every anchor in ${path} is of an entry that retention has removed.`, {
    hint: "Keep the head with `audit anchor --to` more often than entries are removed.",
  });
}

function tell({ write }: Surroundings, { json }: CommonOptions, check: ChainCheck & { tenant: string | null }): number {
  const { tenant, entries, head, anchors, removed, fault } = check;
  const status = fault ? EXIT.tampered : EXIT.done;
  if (json) {
    write(`${JSON.stringify({ ...check, exitStatus: status }, null, 2)}\n`);
  } else if (fault) {
    write(
      `The audit log of tenant "${tenant}" was tampered with. ${fault.message} ${entries} entries before that fit.\n`,
    );
  } else {
    const anchored = anchors > 0 ? ` ${anchors} anchor(s) fit.` : "";
    const gone = removed > 0 ? ` Entries up to number ${removed} were removed by retention.` : "";
    write(
      `The audit log of tenant "${tenant}" is whole: ${entries} entries, up to ${head.seq} ${head.hash}.${gone}${anchored}\n`,
    );
  }
  return status;
}

export async function auditExport(
  { backend, surroundings }: Session,
  options: { from?: string; to?: string },
): Promise<number> {
  const range = { from: numberOf("--from", options.from), to: numberOf("--to", options.to) };
  for await (const lines of backend.exportAudit(range)) {
    surroundings.write(lines);
    await surroundings.drained?.();
  }
  return EXIT.done;
}

function numberOf(option: string, given: string | undefined): number | undefined {
  if (given === undefined) return undefined;
  if (/^[1-9]\d{0,8}$/.test(given)) return Number(given);
  throw new HoldpointError("usage", `"${maskText(given).slice(0, 40)}" is no number of an entry.`, {
    hint: `Give ${option} a whole number from 1.`,
  });
}

export async function auditAnchor(session: Session, { to }: { to: string }): Promise<number> {
  const { backend, surroundings, json } = session;
  const anchor = await backend.takeAnchor();
  await keepAnchor(anchor, to);
  const text = json ? JSON.stringify(anchor, null, 2) : `Entry ${anchor.seq} ${anchor.hash} is anchored.`;
  surroundings.write(`${text}\n`);
  return EXIT.done;
}
