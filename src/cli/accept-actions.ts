/** `actions accept`: an admin has looked at what an MCP server offers. */
import { printable } from "../domain/printable.ts";
import { HoldpointError } from "../errors.ts";
import type { Waiting, WaitingTool } from "../tools/mcp/index.ts";
import { EXIT } from "./exit-status.ts";
import type { Session } from "./session.ts";

/** As long as a description may be. */
const MAX_SHOWN = 50_000;

/** What waits to be accepted, and what is other than it was accepted. */
export function waitingLines({ command, surroundings, local }: Session, waiting: Waiting | null): string[] {
  if (!waiting) return [];
  const lines = [...waiting.tools.flatMap(toolLines), ...waiting.unreachable.map(({ why }) => printable(why))];
  if (waiting.tools.length === 0) return lines;
  const file = local && surroundings.environment.HOLDPOINT_MCP; // a server knows its own
  const start =
    file === undefined ? "" : `HOLDPOINT_MCP=${/^[\w./-]+$/.test(file) ? file : `'${file.replaceAll("'", "'\\''")}'`} `;
  return ["Stopped until an admin accepts them:", ...lines, `Accept them: ${start}${command("actions accept --all")}`];
}

/** Of a new tool all that its server says of it, of another one what is other than it was. */
function toolLines({ actions, isNew, differences, description, definition }: WaitingTool): string[] {
  const { title, inputSchema, outputSchema, annotations } = definition;
  const rest = Object.entries({ title, inputSchema, outputSchema, annotations })
    .filter(([, value]) => value !== undefined)
    .map(([part, value]) => `${part}: ${JSON.stringify(value)}`);
  const said = isNew ? [...description.slice(0, MAX_SHOWN).split("\n"), ...rest] : differences;
  return [`${actions.join(", ")}: ${isNew ? "new" : "changed"}`, ...said.map((line) => `  ${line}`)].map(printable);
}

/** `actions accept <name>` and `actions accept --all`. */
export async function acceptActions(
  session: Session,
  name: string | undefined,
  { all = false }: { all?: boolean },
): Promise<number> {
  const { backend, surroundings, json } = session;
  if ((name === undefined) === !all) {
    throw new HoldpointError("usage", "Nothing says what is to be accepted.", {
      hint: `Name an action, or everything: ${session.command("actions accept --all")}.`,
    });
  }
  const { accepted, unreachable } = await backend.acceptTools(name);
  const lines = [
    ...accepted.flatMap((tool) => toolLines(tool).map((line, index) => (index === 0 ? `Accepted ${line}` : line))),
    ...unreachable.map(({ why }) => printable(why)),
  ];
  if (accepted.length > 0) lines.push("They are called so from the next start on.");
  if (lines.length === 0) {
    const isConfigured = (await backend.waitingTools()) !== null;
    lines.push(isConfigured ? "Nothing waits to be accepted." : "No MCP servers are configured: set HOLDPOINT_MCP.");
  }
  surroundings.write(`${json ? JSON.stringify({ accepted, unreachable }, null, 2) : lines.join("\n")}\n`);
  return unreachable.length > 0 ? EXIT.failed : EXIT.done;
}
