/** `holdpoint forget`: takes personal data out, for good. */
import { HoldpointError } from "../errors.ts";
import type { ForgetSubject } from "../ledger/forget.ts";
import { EXIT } from "./exit-status.ts";
import type { Session } from "./session.ts";

export interface ForgetOptions {
  person?: string;
  all?: boolean;
  yes?: boolean;
}

export async function forget(
  { backend, surroundings, json }: Session,
  thread: string | undefined,
  options: ForgetOptions,
): Promise<number> {
  const subject = subjectOf(thread, options);
  if (!options.yes) {
    throw new HoldpointError("usage", "Nothing was forgotten: it cannot be taken back.", {
      hint: "Add --yes when you are sure.",
    });
  }
  const forgotten = await backend.forget(subject);
  const { runs, decisions, threads } = forgotten;
  const others = decisions > 0 ? ` ${decisions} decision(s) on requests of others stay, under a pseudonym.` : "";
  const text = json
    ? JSON.stringify({ ...forgotten, exitStatus: EXIT.done }, null, 2)
    : `Forgotten: ${runs} run(s) on ${threads.length} thread(s), with their checkpoints.${others} The audit log keeps who did what and when, without with what.`;
  surroundings.write(`${text}\n`);
  return EXIT.done;
}

function subjectOf(thread: string | undefined, { person, all }: ForgetOptions): ForgetSubject {
  const subjects: ForgetSubject[] = [];
  if (thread !== undefined) subjects.push({ thread });
  if (person !== undefined) subjects.push({ person });
  if (all) subjects.push({ all: true });
  const [subject, ...more] = subjects;
  if (subject && more.length === 0) return subject;
  throw new HoldpointError("usage", "Say what to forget: a thread, --person <name>, or --all.", {
    hint: "One of them at a time.",
  });
}
