/**
 * Progress on standard error while a command is under way: in a terminal a tree that is drawn over and over and taken
 * away at the end, elsewhere a line for each change.
 */
import { printable } from "../domain/printable.ts";
import { hasEnded, type ProgressEvent, type StepProgress } from "../domain/progress.ts";
import { duration } from "./duration.ts";
import { PHASES, ProgressView } from "./progress-view.ts";

export interface Live {
  show(event: ProgressEvent): void;
  /** Takes away what is drawn, before something else is written. */
  clear(): void;
}

/** Where it is drawn: a stream such as standard error. */
export type Screen = Pick<NodeJS.WriteStream, "isTTY" | "columns" | "rows" | "write" | "on" | "off">;

/** @param term the environment's `TERM` */
export async function openLive(
  screen: Screen,
  { term, writeLine }: { term: string | undefined; writeLine(line: string): void },
): Promise<Live> {
  return screen.isTTY && term !== "dumb" ? await openTree(screen) : openLines(writeLine);
}

/** How often the times are drawn anew while nothing else changes, in milliseconds. */
const TICK_MS = 1000;

async function openTree(screen: Screen): Promise<Live> {
  const { createLogUpdate } = await import("log-update");
  const draw = createLogUpdate(screen as NodeJS.WriteStream, { showCursor: true });
  const view = new ProgressView();
  const redraw = () => {
    const size = { columns: screen.columns || 80, rows: screen.rows || 24 };
    draw(view.lines(size, Date.now()).join("\n"));
  };
  let ticking: NodeJS.Timeout | undefined;
  return {
    show(event) {
      view.take(event, Date.now());
      if (!ticking) {
        ticking = setInterval(redraw, TICK_MS).unref();
        screen.on("resize", redraw);
      }
      redraw();
    },
    clear() {
      if (!ticking) return;
      clearInterval(ticking);
      ticking = undefined;
      screen.off("resize", redraw);
      draw.clear();
    },
  };
}

function openLines(writeLine: (line: string) => void): Live {
  let phase: ProgressEvent["phase"] | undefined;
  let revision = 0;
  return {
    show(event) {
      // What ended before this command began is not told once more.
      const isNew = event.revision !== revision;
      const told = event.steps.filter(({ status }) => status === "running" || (!isNew && hasEnded(status)));
      const lines = told.map(lineOf);
      if (event.phase !== phase && event.phase !== "ended") lines.unshift(PHASES[event.phase]);
      ({ phase, revision } = event);
      for (const line of lines) writeLine(`[${String(event.percent).padStart(3)} %] ${printable(line)}\n`);
    },
    clear: () => undefined,
  };
}

const lineOf = ({ id, title, status, durationMs }: StepProgress): string =>
  `${id} ${title}: ${status}${durationMs === null ? "" : ` in ${duration(durationMs)}`}`;
