/**
 * How long policy takes, on this machine, now: `npm run bench`. Figures of different machines or days do not compare;
 * the ratios within one run do. Nothing passes or fails by them.
 */
import type { Proposal, ProposedAction } from "../src/domain/proposal.ts";
import { createBlockedText } from "../src/policy/blocked.ts";
import { createPolicy } from "../src/policy/policy.ts";
import { factsOf, type PolicyRun } from "../src/policy/rule-facts.ts";
import { evaluateRules, parseRules, type Rule, type RuleInput } from "../src/policy/rules.ts";

const ACTIONS = ["sell", "take_back", "adjust_stock"];
const WARM_UP = 500;
const ROUNDS = 3000;

const CONDITIONS = [
  "action.args.quantity > 1000.0",
  'impact.rank >= 3 && action.reversibility == "irreversible"',
  'changes.exists(c, c.table == "ledger" && c.after.balance < 0.0)',
  "rows > 50 && !edited",
  'run.requester == "nobody" || tenant in ["closed", "frozen"]',
  'action.args.note.matches("(?i)\\\\b(urgent|asap)\\\\b")',
  'transaction.size > 10 || "adjust_stock" in transaction.actions',
  'action.args.item.startsWith("XX") && size(changes) > 3',
];

const rulesOf = (count: number): RuleInput[] =>
  Array.from({ length: count }, (_, index) => ({
    name: `rule-${index}`,
    when: CONDITIONS[index % CONDITIONS.length] ?? "false",
    effect: "deny",
    reason: "For the bench.",
  }));

const action: ProposedAction = {
  ...{ step: "s1", title: "Sell 2 Aviators", action: "sell", version: 1, dependsOn: [], reversibility: "reversible" },
  args: { item: "SG001", quantity: 2, customer: "Alice", note: "Please wrap it as a present for my brother." },
  changes: Array.from({ length: 5 }, (_, index) => ({
    ...{ table: "products", key: `SG00${index}` },
    ...{ before: { stock: 23, price: "$80.00" }, after: { stock: 21, price: "$80.00" } },
  })),
  impact: { level: "medium", resources: ["products/SG001"], reversible: true, durationMs: 1000 },
  edited: null,
};
const ids = { id: "p", runId: "r", number: 1, revision: 1, digest: "d", createdAt: "" };
const proposal: Proposal = {
  ...{
    ...ids,
    kind: "transaction",
    status: "pending",
    impact: action.impact,
    review: null,
    failure: null,
    expiresAt: null,
  },
  ...{ actions: [action], findings: [] },
};
const run: PolicyRun = { runId: "r", tenant: "acme", requester: "alice", request: "Buy 2 Aviators" };

interface Figures {
  readonly p50: number;
  readonly p99: number;
}

/** Milliseconds for one call. */
function timed(work: () => unknown, rounds = ROUNDS): Figures {
  for (let round = 0; round < Math.min(WARM_UP, rounds); round++) work();
  const times = Array.from({ length: rounds }, () => {
    const start = performance.now();
    work();
    return performance.now() - start;
  }).sort((a, b) => a - b);
  return { p50: times[Math.floor(rounds * 0.5)] ?? 0, p99: times[Math.floor(rounds * 0.99)] ?? 0 };
}

const shown = (ms: number) => `${ms.toFixed(ms < 1 ? 4 : 1)} ms`;

function print(what: string, { p50, p99 }: Figures, base?: Figures): void {
  const ratio = base ? `  ${(p50 / base.p50).toFixed(1)} times the first line` : "";
  console.log(`${what.padEnd(46)} p50 ${shown(p50).padStart(10)}  p99 ${shown(p99).padStart(10)}${ratio}`);
}

function benchRules(): void {
  console.log("Rules on one action (all of them look at it):");
  const judged = (rules: readonly Rule[]) => timed(() => evaluateRules(rules, factsOf(action, proposal, run)));
  const parsed = (count: number) => parseRules(rulesOf(count), { actions: ACTIONS, where: "bench" });
  const one = judged(parsed(1));
  print("  1 rule", one);
  print("  20 rules", judged(parsed(20)), one);
  print("  200 rules", judged(parsed(200)), one);
  const policy = createPolicy({ rules: rulesOf(200) }, ACTIONS);
  print(
    "  200 rules and the guardrails",
    timed(() => policy.checkTransaction(proposal, run)),
    one,
  );
}

function benchHostile(): void {
  console.log("\nHostile patterns and texts, by length; the time grows as the text does:");
  const cases: [string, RegExp, (length: number) => string][] = [
    ["(a+)+$", /(a+)+$/, (length) => `${"a".repeat(length)}!`],
    ["^(\\w+\\s?)*$", /^(\w+\s?)*$/, (length) => `${"word ".repeat(length / 5)}!`],
    ["(x+x+)+y", /(x+x+)+y/, (length) => "x".repeat(length)],
  ];
  for (const [name, pattern, text] of cases) {
    const { find } = createBlockedText([{ name, pattern }]);
    const base = timed(() => find(text(2000)), 100);
    print(`  ${name}, 2,000 letters`, base);
    const long = timed(() => find(text(20_000)), 50);
    print(`  ${name}, 20,000 letters`, long);
    console.log(`    ten times the text: ${(long.p50 / base.p50).toFixed(1)} times the time`);
  }
}

function benchGuardrails(): void {
  console.log("\nBlocked text, the default patterns and all disguises:");
  const { find } = createBlockedText();
  const words = "Please return the two pairs of glasses that I bought last week. ";
  const plain = timed(() => find(words.repeat(60)));
  print("  an ordinary request of 3,900 letters", plain);
  const picture = Buffer.from(Array.from({ length: 75_000 }, (_, index) => (index * 7919) % 256)).toString("base64");
  print(
    "  a picture of 100,000 letters in base64",
    timed(() => find(picture), 100),
  );
  print(
    "  escapes of escapes, 100,000 letters",
    timed(() => find("%25\\u0025".repeat(11_111)), 100),
  );
}

/** How long policy takes with rules, with hostile patterns, and with disguised texts. */
export async function measure(): Promise<void> {
  benchRules();
  benchHostile();
  benchGuardrails();
}
