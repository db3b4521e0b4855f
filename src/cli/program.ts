/** The command line: what can be typed, and what it means. */
import { Command, CommanderError } from "commander";
import { HoldpointError } from "../errors.ts";
import { acceptActions } from "./accept-actions.ts";
import { listActions, showAction, testAction } from "./actions.ts";
import { addAuditCommands } from "./audit-program.ts";
import { checkActions } from "./check-actions.ts";
import { cancel, list, recover, reseed, resume, rollback, run, show } from "./commands.ts";
import type { DecisionOptions } from "./decisions.ts";
import { type DelegateOptions, delegate } from "./delegate.ts";
import { EXIT } from "./exit-status.ts";
import { explain } from "./explain.ts";
import { type ForgetOptions, forget } from "./forget.ts";
import { addKey, endKey, type KeyOptions, listKeys, renewKey } from "./keys.ts";
import { type MaintainOptions, maintain, notices } from "./maintain.ts";
import { metrics } from "./metrics.ts";
import { checkPlaybooks, listPlaybooks, matchPlaybook } from "./playbooks.ts";
import { testPolicy } from "./policy-test.ts";
import { type ServeOptions, serveHttp } from "./serve.ts";
import {
  type CommonOptions,
  type LocalSession,
  type Session,
  type SessionOptions,
  type Surroundings,
  withLocalSession,
  withSession,
} from "./session.ts";
import { members, settings } from "./settings.ts";
import { type StatsOptions, stats } from "./stats.ts";

const HELP = `
Examples:
  npm start -- 'Do you have any round sunglasses in stock that are under $100?'
  npm start -- "Return 2 Aviator sunglasses I bought last week."
  npm start -- resume <thread> --approve
  npm start -- maintain --once

Exit statuses:
  0 done as asked   2 usage   3 waiting for a decision, or for a time   4 nothing done: the answer says why
  5 failed: the answer says what was undone; or a case of \`policy test\` or a wording of a playbook did
  6 decided or under way elsewhere
  7 a database, receiver or server cannot be used   8 paused: a model or a receiver cannot be reached; \`resume\` tries again
  9 stopped by a signal: \`resume\` goes on   10 the audit log was tampered with
  1 a defect in Holdpoint`;

/**
 * Parses and runs a command line.
 * @param argv the words after the program's name
 * @returns the exit status
 * @throws HoldpointError and whatever else a command throws
 */
export async function runProgram(argv: readonly string[], surroundings: Surroundings): Promise<number> {
  let status: number = EXIT.done;
  const done = (result: number) => {
    status = result;
  };
  const act: Act = {
    anywhere: (options, work) => withSession(surroundings, options, work).then(done),
    here: (options, work) => withLocalSession(surroundings, options, work).then(done),
  };
  const program = createProgram(act);
  addAuditCommands(program, { surroundings, common, act: act.anywhere, ended: done });
  for (const command of [program, ...program.commands, ...program.commands.flatMap(({ commands }) => commands)]) {
    command.exitOverride().configureOutput({ writeOut: surroundings.write, writeErr: () => undefined });
  }
  if (argv.every((word) => word === "--debug")) {
    throw new HoldpointError("usage", "No request was given.", { hint: "See --help." });
  }
  try {
    await program.parseAsync(commandFirst(argv, program), { from: "user" });
    return status;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return EXIT.done;
    const message = error.message.replace(/^error: /, "");
    throw new HoldpointError("usage", /[.!?]$/.test(message) ? message : `${message}.`, { hint: "See --help." });
  }
}

/** Options may stand before the command: `--json list` is `list --json`. */
function commandFirst(argv: readonly string[], program: Command): string[] {
  let start = 0;
  while (argv[start]?.startsWith("--")) start += argv[start] === "--as" || argv[start] === "--tenant" ? 2 : 1;
  const [command, ...rest] = argv.slice(start);
  const known = program.commands.some((candidate) => candidate.name() === command);
  return known && command !== undefined ? [command, ...rest, ...argv.slice(0, start)] : [...argv];
}

/** Does something with a session: by the server that the environment names, if any, or always here. */
interface Act {
  anywhere(options: SessionOptions, work: (session: Session) => Promise<number>): Promise<void>;
  here(options: SessionOptions, work: (session: LocalSession) => Promise<number>): Promise<void>;
}

function createProgram(act: Act): Command {
  const program = new Command("holdpoint")
    .description("Plans work, stages every side effect, asks a person, and runs exactly what was approved.")
    .addHelpText("after", HELP)
    .option("--debug", "print stack traces of errors");

  common(program.command("run", { isDefault: true }))
    .description("ask for something, in plain words (the word `run` may be left out)")
    .argument("<request...>", "what you want done")
    .option("--thread <id>", "go on in this thread; a request that waits there is superseded")
    .action((words: string[], options: CommonOptions & { thread?: string }) =>
      act.anywhere(options, (session) => run(session, words.join(" "), options)),
    );
  common(program.command("resume"))
    .description("look at a thread that waits, and decide; carries on what a crash left")
    .argument("<thread>", "its id, as printed when it began to wait")
    .option("--approve", "approve every action of the proposal")
    .option("--reject <reason>", "reject every action of the proposal")
    .option("--send-back <words>", "of a plan: have another one made, with what it should do otherwise")
    .option("--decisions <file.json>", "decide on each action; see the README for the form")
    .option("--happened", "where nobody could tell whether writes happened: they did")
    .option("--not-happened", "they did not")
    .option("--look-again", "ask their receivers once more")
    .option("--not-now", "decide nothing; it is recorded, and the thread goes on waiting")
    .option("--reason <text>", "why, with --not-now")
    .option("--proposal <id>", "decide only if this is the proposal that waits")
    .action((thread: string, options: CommonOptions & DecisionOptions) =>
      act.anywhere(options, (session) => resume(session, thread, options)),
    );
  common(program.command("show"))
    .description("everything that is recorded of a thread")
    .argument("<thread>", "its id")
    .action((thread: string, options: CommonOptions) => act.anywhere(options, (session) => show(session, thread)));
  common(program.command("list"))
    .description("the threads, newest first")
    .option("--waiting", "only those that wait for a decision")
    .action((options: CommonOptions & { waiting?: boolean }) =>
      act.anywhere(options, (session) => list(session, options)),
    );
  common(program.command("cancel"))
    .description("end a run early: nothing more of it starts, and a transaction under way is undone")
    .argument("<thread>", "its id")
    .option("--reason <text>", "why")
    .option("--rollback", "undo what was committed before, too; otherwise it stays")
    .action((thread: string, options: CommonOptions & { reason?: string; rollback?: boolean }) =>
      act.anywhere(options, (session) => cancel(session, thread, options)),
    );
  common(program.command("rollback"))
    .description("undo what the newest run of a thread did, last first; says what could not be undone, and why")
    .argument("<thread>", "its id")
    .option("--reason <text>", "why")
    .option("--anyway", "also where others have changed since what it changed")
    .action((thread: string, options: CommonOptions & { reason?: string; anyway?: boolean }) =>
      act.anywhere(options, (session) => rollback(session, thread, options)),
    );
  common(program.command("recover"))
    .description("carry on every run that a crash left, to its end or to the person it has to ask")
    .action((options: CommonOptions) => act.anywhere(options, (session) => recover(session)));
  addUpkeep(program, act);
  return program;
}

/** The commands for whoever runs the system. */
function addUpkeep(program: Command, act: Act): void {
  common(program.command("explain"))
    .description("why a proposal was let through, stopped or denied: every reason, action by action")
    .argument("<thread or proposal>", "its id")
    .action((id: string, options: CommonOptions) => act.anywhere(options, (session) => explain(session, id)));
  common(program.command("members"))
    .description("who may do what in the tenant; with a person and a role, gives it")
    .argument("[person]", "by name")
    .argument("[role]", "viewer, operator, approver, admin, or none")
    .action((person: string | undefined, role: string | undefined, options: CommonOptions) =>
      act.anywhere(options, (session) => members(session, person, role)),
    );
  common(program.command("delegate"))
    .description("let somebody approve for you, for a time; without a person, who approves for whom")
    .argument("[person]", "by name")
    .option("--until <time>", "such as 30m, 8h, 3d, or 2030-01-31T18:00:00Z")
    .option("--end <person>", "they no longer may")
    .action((person: string | undefined, options: CommonOptions & DelegateOptions) =>
      act.anywhere(options, (session) => delegate(session, person, options)),
    );
  addKeyCommands(program, act);
  common(program.command("settings"))
    .description("what may happen by itself, and who decides the rest; with changes, a new version of it")
    .argument("[name=value...]", "such as automation=true, or approvals.high.people=2; values are JSON")
    .action((changes: string[], options: CommonOptions) =>
      act.anywhere(options, (session) => settings(session, changes)),
    );
  addPolicyCommands(program, act);
  common(program.command("stats"))
    .description("how well runs go: plans, completion, failures, tokens, approvals; see docs/measures.md")
    .option("--since <time>", "of runs that began then or later: a day or a time, UTC")
    .option("--until <time>", "of runs that began before then")
    .option("--days <number>", "of the last days, instead of --since")
    .option("--by <day or week>", "for each day or week, too")
    .option("--thread <id>", "only of this thread")
    .action((options: CommonOptions & StatsOptions) => act.anywhere(options, (session) => stats(session, options)));
  addPlaybookCommands(program, act);
  addActionCommands(program, act);
  common(program.command("reseed"))
    .description("give the example store its initial data again")
    .action((options: CommonOptions) => act.anywhere(options, (session) => reseed(session)));
  addForgetCommand(program, act);
  addMaintenanceCommands(program, act);
}

function addKeyCommands(program: Command, act: Act): void {
  const keys = common(program.command("keys"))
    .description("what programs show to a server to be let in; see docs/authentication.md")
    .action((options: CommonOptions) => act.anywhere(options, listKeys));
  common(keys.command("create"))
    .description("make a key, and show its secret, once")
    .argument("<name>", "what it is for")
    .requiredOption("--role <role>", "viewer, operator, approver or admin")
    .option("--principal <name>", "as whom it acts (default: its name)")
    .option("--scopes <operations>", "the only operations that it is for, such as ask,show; see docs/policy.md")
    .option("--expires <time>", "such as 90d, or 2030-01-31T18:00:00Z (default: never)")
    .action((name: string, _options: CommonOptions, command: Command) =>
      act.anywhere(command.optsWithGlobals(), (session) => addKey(session, name, command.opts<KeyOptions>())),
    );
  common(keys.command("rotate"))
    .description("give a key another secret; the one before is taken for another day")
    .argument("<id>", "the key's")
    .option("--now", "end the one before at once")
    .action((id: string, _options: CommonOptions, command: Command) =>
      act.anywhere(command.optsWithGlobals(), (session) => renewKey(session, id, command.opts())),
    );
  common(keys.command("revoke"))
    .description("end a key for good")
    .argument("<id>", "the key's")
    .action((id: string, _options: CommonOptions, command: Command) =>
      act.anywhere(command.optsWithGlobals(), (session) => endKey(session, id)),
    );
}

function addMaintenanceCommands(program: Command, act: Act): void {
  common(program.command("maintain"))
    .description(
      "what is done although nobody asks: ends what nobody decided in time, recovers, reminds, tells, cleans up",
    )
    .option("--once", "one pass; without it, one after the other until a signal comes")
    .option("--every <seconds>", "the pause between two passes (default: 60)")
    .action((options: CommonOptions & MaintainOptions) =>
      act.anywhere(options, (session) => maintain(session, options)),
    );
  common(program.command("serve"))
    .description("serve the HTTP interface until a signal comes; see docs/server.md")
    .option("--port <number>", "listen there (default: 8787; 0 for any that is free)")
    .option("--host <address>", "on this address (default: 127.0.0.1)")
    .option("--dev", "nobody needs a key; only this machine is served")
    .action((options: CommonOptions & ServeOptions) =>
      act.here({ ...options, log: "info" }, (session) => serveHttp(session, options)),
    );
  common(program.command("metrics"))
    .description("print counts of every tenant for monitoring, in the text format of Prometheus")
    .action((options: CommonOptions) => act.anywhere(options, metrics));
  common(program.command("notices"))
    .description("what was told, or is to be: automatic approvals, approvals that expire; newest first")
    .action((options: CommonOptions) => act.anywhere(options, (session) => notices(session)));
}

function addPolicyCommands(program: Command, act: Act): void {
  const policy = program.command("policy").description("the policy that is configured: `policy test <cases.yaml>`");
  policy.action(() => {
    throw new HoldpointError("usage", "`policy` needs a command: `policy test <cases.yaml>`.", { hint: "See --help." });
  });
  common(policy.command("test"))
    .description("put cases before the policy, and say which do not come out as expected; nothing runs")
    .argument("<cases.yaml>", "a file of cases; see docs/policy.md")
    .action((path: string, options: CommonOptions) => act.anywhere(options, (session) => testPolicy(session, path)));
}

/** The command has options of its own, which take those of its subcommands: these are asked for with the others. */
function addPlaybookCommands(program: Command, act: Act): void {
  const playbooks = common(program.command("playbooks"))
    .description("predefined plans: those of HOLDPOINT_PLAYBOOKS, and the example store's; see docs/playbooks.md")
    .action((options: CommonOptions) => act.anywhere(options, listPlaybooks));
  common(playbooks.command("check"))
    .description("say what is wrong with playbooks, with file, line and column; nothing runs")
    .argument("[paths...]", "files of playbooks, or folders with such files (default: HOLDPOINT_PLAYBOOKS)")
    .action((paths: string[], _options: CommonOptions, command: Command) =>
      act.here({ ...command.optsWithGlobals(), checks: true }, (session) => checkPlaybooks(session, paths)),
    );
  common(playbooks.command("match"))
    .description("which playbook takes a request, and the plan that it gives; nothing runs")
    .argument("<request...>", "what would be asked")
    .action((words: string[], _options: CommonOptions, command: Command) =>
      act.anywhere(command.optsWithGlobals(), (session) => matchPlaybook(session, words.join(" "))),
    );
}

function addActionCommands(program: Command, act: Act): void {
  const actions = common(program.command("actions"))
    .description("what a plan may call; see docs/actions.md")
    .action((options: CommonOptions) => act.anywhere(options, listActions));
  common(actions.command("list"))
    .description("the same")
    .action((_options: CommonOptions, command: Command) => act.anywhere(command.optsWithGlobals(), listActions));
  common(actions.command("show"))
    .description("what an action takes and puts out, how it is called, and whether it can be undone")
    .argument("<name>", "the action's")
    .action((name: string, _options: CommonOptions, command: Command) =>
      act.anywhere(command.optsWithGlobals(), (session) => showAction(session, name)),
    );
  common(actions.command("accept"))
    .description("take tools of MCP servers as they are now, which were new or have changed; see docs/mcp.md")
    .argument("[name]", "an action's")
    .option("--all", "everything that waits")
    .action((name: string | undefined, _options: CommonOptions, command: Command) =>
      act.anywhere(command.optsWithGlobals(), (session) => acceptActions(session, name, command.opts())),
    );
  common(actions.command("check"))
    .description("say what is wrong with HTTP actions, with file, line and column; nothing runs")
    .argument("[paths...]", "files, or folders with such files (default: HOLDPOINT_HTTP_ACTIONS)")
    .action((paths: string[], _options: CommonOptions, command: Command) =>
      act.here({ ...command.optsWithGlobals(), checks: true }, (session) => checkActions(session, paths)),
    );
  common(actions.command("test"))
    .description("preview, run, repeat, look up and undo on a target that is thrown away: which promises are kept")
    .argument("<name>", "the action's")
    .option("--args <json>", "of the call (default: the action's own example)")
    .option("--against <where>", "a scratch server in place of the real one: an address, or of MCP a file of servers")
    .action((name: string, _options: CommonOptions, command: Command) =>
      act.here(command.optsWithGlobals(), (session) => testAction(session, name, command.opts())),
    );
}

function addForgetCommand(program: Command, act: Act): void {
  common(program.command("forget"))
    .description("take the personal data out of what has ended, for good; the audit log can still be verified")
    .argument("[thread]", "of this thread")
    .option("--person <name>", "of everything that this person asked, and their name from what they decided")
    .option("--all", "of everything")
    .option("--yes", "it cannot be taken back: say that you are sure")
    .action((thread: string | undefined, options: CommonOptions & ForgetOptions) =>
      act.anywhere(options, (session) => forget(session, thread, options)),
    );
}

function common(command: Command): Command {
  return command
    .option("--as <person>", "who asks or decides (default: your login name)")
    .option("--tenant <name>", "whose data: the tenant that a program names (default: default)")
    .option("--json", "print one JSON document, and never ask")
    .option("--debug", "print stack traces of errors");
}
