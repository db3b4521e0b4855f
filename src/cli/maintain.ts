/** `maintain` and `notices`: what is done although nobody asks for it, and what whoever runs the system is told. */
import { printable } from "../domain/printable.ts";
import { HoldpointError } from "../errors.ts";
import { assertMay } from "../ledger/members.ts";
import { KEPT_KINDS } from "../ledger/outbox.ts";
import { maskText } from "../telemetry/mask.ts";
import { type MaintenanceReport, startMaintenance } from "../work/maintain.ts";
import type { ToldNotice } from "../work/notices.ts";
import { EXIT, exitStatusOfPass } from "./exit-status.ts";
import type { Session } from "./session.ts";
import { table } from "./text.ts";

export interface MaintainOptions {
  once?: boolean;
  /** Seconds between two passes. */
  every?: string;
}

const EVERY_S = 60;

/** One pass, or one after the other until a signal comes. */
export async function maintain(session: Session, options: MaintainOptions): Promise<number> {
  const { backend, local, surroundings, json } = session;
  const everyMs = secondsOf(options.every) * 1000;
  if (options.once) {
    const report = await backend.maintainOnce();
    const status = exitStatusOfPass(report);
    surroundings.write(`${json ? JSON.stringify({ ...report, exitStatus: status }, null, 2) : render(report)}\n`);
    return status;
  }
  if (!local) {
    throw new HoldpointError("usage", "The server makes a pass each minute by itself.", {
      hint: "Give --once for one more now.",
    });
  }
  const { runtime, identity } = local;
  await assertMay(runtime.ledger, identity, "maintain");
  const signal = surroundings.stop?.signal ?? new AbortController().signal;
  const onPass = (report: MaintenanceReport) => {
    if (report.done.length === 0 && report.failures.length === 0) return;
    surroundings.write(json ? `${JSON.stringify(report)}\n` : `${report.at}\n${render(report)}\n`);
  };
  await startMaintenance(runtime, { everyMs, signal, onPass });
  return EXIT.done;
}

function secondsOf(given: string | undefined): number {
  if (given === undefined) return EVERY_S;
  if (/^[1-9]\d{0,5}$/.test(given)) return Number(given);
  throw new HoldpointError("usage", `"${maskText(given).slice(0, 40)}" is no number of seconds.`, {
    hint: "Give --every a whole number from 1.",
  });
}

function render({ done, failures, stopped }: MaintenanceReport): string {
  const rows = [
    ...done.map(({ tenant, job, subject, what }) => [tenant, job, subject, what]),
    ...failures.map(({ tenant, job, subject, problem }) => [tenant ?? "", job, subject, `failed: ${problem}`]),
  ];
  const text = rows.length > 0 ? table(["tenant", "job", "", ""], rows) : "There was nothing to do.";
  return stopped ? `${text}\nIt was asked to stop before it came to its end.` : text;
}

/** What the tenant is told of, newest first. */
export async function notices({ backend, surroundings, json }: Session): Promise<number> {
  const all = await backend.notices();
  if (json) {
    surroundings.write(`${JSON.stringify({ notices: all }, null, 2)}\n`);
    return EXIT.done;
  }
  const rows = all.map((notice) => [
    notice.createdAt.slice(0, 19).replace("T", " "),
    notice.text,
    [...(isKept(notice) ? [delivery(notice)] : []), ...toEndpoints(notice)].join("\n"),
  ]);
  const text = rows.length > 0 ? table(["when (UTC)", "", "delivered"], rows) : "There are no notices.";
  surroundings.write(`${text}\n`);
  return EXIT.done;
}

/** Whether a receiver of notices takes it, beside the endpoints for events. */
const isKept = ({ kind }: ToldNotice): boolean => KEPT_KINDS.some((kept) => kept === kind);

const toEndpoints = ({ endpoints }: ToldNotice): string[] =>
  endpoints.map((one) => `${one.endpoint}: ${delivery(one)}`);

const delivery = ({ deliveredAt, attempts }: Pick<ToldNotice, "deliveredAt" | "attempts">): string =>
  printable(deliveredAt?.slice(0, 19).replace("T", " ") ?? (attempts === 0 ? "no" : `not yet, ${attempts} attempt(s)`));
