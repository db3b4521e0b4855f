/**
 * Plans as programs: what trying one takes beside a plain function that does the same, and what models are asked for a
 * plan of either kind. `support/planned-requests.ts` says what was scripted.
 */
import { REQUESTS } from "./support/planned-requests.ts";
import { MODES, runPlanned } from "./support/planned-run.ts";
import { ms, type Report } from "./support/report.ts";
import { inTurn, median, ratioOf, WARM_UP } from "./support/timing.ts";
import { createCounter, type PromptTokens } from "./support/tokens.ts";
import { openTrial } from "./support/trial.ts";

const ROUNDS = 41;
const PRODUCTS = 1000;

async function measureTrial(report: Report): Promise<void> {
  const trial = await openTrial(PRODUCTS);
  const worked: number[] = [];
  const times = await inTurn(ROUNDS, {
    plain: () => trial.plainly(),
    start: () => trial.startOnly(),
    tried: async (round) => {
      const { workedMs } = await trial.tryOnce(round + 1);
      if (round >= WARM_UP) worked.push(workedMs);
    },
  });
  const share = (part: readonly number[]) => `${Math.round(100 * ratioOf(part, times.tried))} % of it`;
  report.limit("a program, from its start to its end", { value: median(times.tried), max: 150, unit: "ms" });
  report.line("the same with the same actions in a plain function", ms(median(times.plain)));
  report.line("the program, as a multiple of that", `${ratioOf(times.tried, times.plain).toFixed(1)} x`);
  report.line(
    "of the program: a worker and its sandbox, for nothing",
    `${ms(median(times.start))}, ${share(times.start)}`,
  );
  report.line("of the program: its own work in the sandbox", `${ms(median(worked))}, ${share(worked)}`);
  await trial.close();
}

interface Asked extends PromptTokens {
  readonly calls: number;
}

/** @throws Error when a request comes to another end in one mode than in the others */
async function measureModels(report: Report): Promise<void> {
  const count = createCounter();
  const totals = MODES.map((): Asked => ({ calls: 0, all: 0, actions: 0 }));
  let longest = 0;
  report.line("request", MODES.map((mode) => mode.padEnd(24)).join(""));
  report.line("", MODES.map(() => cells("calls", "tokens", "(rest)")).join(""));
  for (const planned of REQUESTS) {
    const ends = new Set<string>();
    const asked: Asked[] = [];
    for (const [place, mode] of MODES.entries()) {
      const { calls, end } = await runPlanned(planned, mode);
      ends.add(end);
      const one = { calls: calls.length, ...count(calls) };
      asked.push(one);
      if (mode === "program") longest = Math.max(longest, one.all - one.actions);
      totals[place] = sum(totals[place] ?? one, one);
    }
    if (ends.size > 1) throw new Error(`"${planned.request}" came to several ends: ${[...ends].join("\n")}`);
    report.line(planned.request, asked.map(shown).join(""));
  }
  report.line("all of them", totals.map(shown).join(""));
  report.limit("prompt tokens for a program, the longest, but for descriptions", {
    value: longest,
    max: 700,
    unit: "tokens",
  });
}

const sum = (one: Asked, other: Asked): Asked => ({
  ...{ calls: one.calls + other.calls, all: one.all + other.all, actions: one.actions + other.actions },
});

const shown = ({ calls, all, actions }: Asked): string => cells(`${calls}`, `${all}`, `(${all - actions})`);

const cells = (calls: string, tokens: string, rest: string): string =>
  `${calls.padStart(5)} ${tokens.padStart(7)} ${rest.padStart(8)}  `;

export async function measure(report: Report): Promise<void> {
  report.title(`A program of ten lines over ${PRODUCTS.toLocaleString("en")} products`);
  await measureTrial(report);
  report.title("Calls of models and prompt tokens; in brackets those without the descriptions of the actions");
  await measureModels(report);
}
