/** `actions accept`: an admin has looked at what an MCP server offers. */
import { printable } from "../domain/printable.ts";
import { HoldpointError } from "../errors.ts";
import type { Waiting, WaitingTool } from "../tools/mcp/index.ts";
import { acceptTools } from "../work/accept-tools.ts";
import { EXIT } from "./exit-status.ts";
import type { Session } from "./session.ts";

const MAX_SHOWN = 500;

/** What waits to be accepted, and what is other than it was accepted. */
export function waitingLines({ command }: Pick<Session, "command">, waiting: Waiting | undefined): string[] {
  if (!waiting) return [];
  const lines = [...waiting.tools.flatMap(toolLines), ...waiting.unreachable.map(({ why }) => printable(why))];
  if (waiting.tools.length === 0) return lines;
  return ["Stopped until an admin accepts them:", ...lines, `Accept them: ${command("actions accept --all")}`];
}

function toolLines({ actions, isNew, differences, description }: WaitingTool): string[] {
  const said = isNew ? [`  ${description.slice(0, MAX_SHOWN)}`] : differences.map((line) => `  ${line}`);
  return [`${actions.join(", ")}: ${isNew ? "new" : "changed"}`, ...said].map(printable);
}

/** `actions accept <name>` and `actions accept --all`. */
export async function acceptActions(
  session: Session,
  name: string | undefined,
  { all = false }: { all?: boolean },
): Promise<number> {
  const { runtime, identity, surroundings, json } = session;
  if ((name === undefined) === !all) {
    throw new HoldpointError("usage", "Nothing says what is to be accepted.", {
      hint: `Name an action, or everything: ${session.command("actions accept --all")}.`,
    });
  }
  const { accepted, unreachable } = await acceptTools(runtime, identity, name);
  const lines = [
    ...accepted.flatMap((tool) => toolLines(tool).map((line, index) => (index === 0 ? `Accepted ${line}` : line))),
    ...unreachable.map(({ why }) => printable(why)),
  ];
  if (lines.length === 0) lines.push("Nothing waits to be accepted.");
  surroundings.write(`${json ? JSON.stringify({ accepted, unreachable }, null, 2) : lines.join("\n")}\n`);
  return unreachable.length > 0 ? EXIT.failed : EXIT.done;
}
