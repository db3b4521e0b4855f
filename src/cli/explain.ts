/** `explain`: why a proposal was let through, stopped or denied, or why a thread came to none. */
import { printable } from "../domain/printable.ts";
import { byWhom, type Finding, type Proposal } from "../domain/proposal.ts";
import type { Run } from "../domain/run.ts";
import { strictest } from "../policy/policy.ts";
import type { Explained } from "../work/look.ts";
import { EXIT } from "./exit-status.ts";
import { renderPause } from "./render.ts";
import type { Session } from "./session.ts";
import { dim, heading, wrap } from "./text.ts";

export async function explain(session: Session, id: string): Promise<number> {
  const { backend, surroundings, json } = session;
  const explained = await backend.explain(id);
  const text = json
    ? JSON.stringify(toJson(explained), null, 2)
    : explained.proposal
      ? aboutProposal(session, explained)
      : aboutRun(explained);
  surroundings.write(`${text}\n`);
  return EXIT.done;
}

type OfProposal = Extract<Explained, { proposal: Proposal }>;
type OfRun = Extract<Explained, { run: Run }>;

function toJson(explained: Explained): object {
  if (!explained.proposal) {
    const { threadId, status, pause, answer, refusal = null } = explained.run;
    return { threadId, proposal: null, status, pause, refusal, answer, findings: explained.findings };
  }
  const { id, status, actions, findings, review } = explained.proposal;
  return { proposal: id, status, actions, findings, review, decision: explained.decision };
}

/** How it ended or why it stands still, when nothing was proposed. */
function aboutRun({ run, findings }: OfRun): string {
  const { threadId, status, pause, answer } = run;
  const parts = [`${heading("Thread")} ${threadId}: ${answer?.status ?? status}; nothing was proposed`];
  if (pause) parts.push(renderPause(pause));
  if (answer) parts.push(...[answer.text, ...answer.details].map((line) => wrap(printable(line), 2)));
  if (findings.length > 0) parts.push(heading("Why"), ...groupsOf(findings).map(renderGroup));
  return parts.join("\n");
}

function aboutProposal(session: Session, { proposal, decision }: OfProposal): string {
  const { id, findings, review, status } = proposal;
  const under = decision?.settingsVersion == null ? "" : ` under version ${decision.settingsVersion} of the settings`;
  const reason = decision?.reason ? `: ${decision.reason}` : "";
  const how = decision ? `${decision.verdict.replace("_", " ")} by ${byWhom(decision)}${under}${reason}` : status;
  const groups = groupsOf(findings);
  const parts = [`${heading("Proposal")} ${id}`, wrap(printable(how), 2), ...actionsOf(proposal)];
  parts.push(heading("Why"), ...groups.map(renderGroup));
  if (groups.some(({ reasons }) => reasons.size > 1)) {
    parts.push(dim(`  The reasons for each action: ${session.command(`explain ${id} --json`)}`));
  }
  if (review) {
    parts.push(`${heading("Reviewer")} ${review.verdict}`, ...review.reasons.map((text) => wrap(printable(text), 2)));
  }
  return parts.join("\n");
}

/** So many actions are told one by one; of more, those that the same is said of are told together. */
const ONE_BY_ONE = 6;

function actionsOf({ actions, findings }: Proposal): string[] {
  const judged = actions.map((action) => {
    const own = findings.filter(({ step }) => step === action.step);
    return { ...action, verdict: strictest(own, "escalate") };
  });
  if (judged.length <= ONE_BY_ONE) {
    return judged.map(
      ({ verdict, step, title, action }) => `${heading(verdict)} ${step}: ${printable(title)} ${dim(action)}`,
    );
  }
  const kinds = Map.groupBy(judged.toSorted(byStrictness), ({ verdict, action }) => `${verdict} ${action}`);
  return [...kinds].map(([kind, same]) => wrap(`${kind}: ${same.map(({ step }) => step).join(", ")}`, 0));
}

interface Group {
  readonly verdict: Finding["verdict"];
  readonly rule: string;
  readonly steps: readonly string[];
  readonly reasons: ReadonlySet<string>;
}

const STRICTEST_FIRST: readonly Finding["verdict"][] = ["deny", "escalate", "allow"];
const byStrictness = (one: Pick<Finding, "verdict">, other: Pick<Finding, "verdict">): number =>
  STRICTEST_FIRST.indexOf(one.verdict) - STRICTEST_FIRST.indexOf(other.verdict);

/** What a rule says of several actions, together; the strictest first. */
function groupsOf(findings: readonly Finding[]): Group[] {
  const groups = Map.groupBy(findings, ({ verdict, rule }) => `${verdict} ${rule}`);
  return [...groups.values()]
    .flatMap((same) => {
      const [first] = same;
      const steps = new Set(same.flatMap(({ step }) => (step === undefined ? [] : [step])));
      const reasons = new Set(same.map(({ reason }) => reason));
      return first ? [{ verdict: first.verdict, rule: first.rule, steps: [...steps], reasons }] : [];
    })
    .toSorted(byStrictness);
}

function renderGroup({ verdict, rule, steps, reasons }: Group): string {
  const which = steps.length === 0 ? "" : ` (${steps.join(", ")})`;
  const [reason = ""] = reasons;
  return wrap(printable(`${verdict} ${rule}${which}: ${reason}`), 2);
}
