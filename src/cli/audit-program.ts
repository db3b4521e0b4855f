/** What can be typed after `audit`. */
import type { Command } from "commander";
import { HoldpointError } from "../errors.ts";
import { auditAnchor, auditExport, auditVerify, auditVerifyFile, type VerifyOptions } from "./audit.ts";
import { type CommonOptions, type Session, type Surroundings, tellOfLocal } from "./session.ts";

interface Doing {
  readonly surroundings: Surroundings;
  /** Adds the options that every command has. */
  common(command: Command): Command;
  /** Does something with the databases open. */
  act(options: CommonOptions, work: (session: Session) => Promise<number>): Promise<void>;
  /** Says what status a command ends with that needs none. */
  ended(status: number): void;
}

/** Adds the command `audit` with those below it. */
export function addAuditCommands(program: Command, { surroundings, common, act, ended }: Doing): void {
  const audit = program
    .command("audit")
    .description("the audit log: who did what, when")
    .action(() => {
      const hint = "There are `audit verify`, `audit export` and `audit anchor`.";
      throw new HoldpointError("usage", "Say what to do with the audit log.", { hint });
    });
  common(audit.command("verify"))
    .description("check that no entry was altered, moved, added or taken away, and say which one was")
    .option("--anchor <file>", "compare with the heads that `audit anchor --to` kept there")
    .option("--file <export.jsonl>", "check what `audit export` wrote, without any database")
    .action(async (options: VerifyOptions & { file?: string }) => {
      const { file } = options;
      if (file === undefined) return await act(options, (session) => auditVerify(session, options));
      tellOfLocal(surroundings);
      ended(await auditVerifyFile(surroundings, { ...options, file }));
    });
  common(audit.command("export"))
    .description("print the entries as JSON lines")
    .option("--from <number>", "from this entry on")
    .option("--to <number>", "up to this entry")
    .action((options: CommonOptions & { from?: string; to?: string }) =>
      act(options, (session) => auditExport(session, options)),
    );
  common(audit.command("anchor"))
    .description("keep the head of the log outside, so that a log that is written anew is noticed")
    .requiredOption("--to <file or address>", "a file that it is appended to, or an https address that it is posted to")
    .action((options: CommonOptions & { to: string }) => act(options, (session) => auditAnchor(session, options)));
}
