/** `settings` and `members`: what a tenant lets happen by itself, and who may do what. */
import { RoleSchema } from "../domain/role.ts";
import { HoldpointError } from "../errors.ts";
import type { VersionedSettings } from "../ledger/settings.ts";
import { DEVELOPMENT_IDENTITY } from "../nodes/deps.ts";
import type { TenantSettings } from "../policy/settings.ts";
import { EXIT } from "./exit-status.ts";
import type { Session } from "./session.ts";
import { dim, table } from "./text.ts";

/** Shows the tenant's settings, or changes those that are given as `name=value`; a name may lead into one, with dots. */
export async function settings(session: Session, changes: readonly string[]): Promise<number> {
  const { backend } = session;
  if (changes.length === 0) return print(session, await backend.settings());
  const change = (now: TenantSettings) => {
    const given: Record<string, unknown> = structuredClone(now);
    for (const text of changes) assign(given, text);
    return given;
  };
  // Of other tenants the command line does not know the actions: those are in the programs that use them.
  const isKnown = (await backend.whoAmI()).tenant === DEVELOPMENT_IDENTITY.tenant;
  const named = isKnown ? changes.map((text) => text.split(/[=.]/, 1)[0] ?? "") : [];
  return print(session, await backend.changeSettings(change, named));
}

/** Carries out one change. */
function assign(target: Record<string, unknown>, change: string): void {
  const [path = "", ...rest] = change.split("=");
  if (rest.length === 0 || path === "") {
    throw new HoldpointError("usage", `"${change}" is no change of a setting.`, { hint: "Expected name=value." });
  }
  const names = path.split(".");
  const last = names.pop() ?? "";
  let place = target;
  for (const name of names) {
    const inner = Object.hasOwn(place, name) ? place[name] : undefined;
    if (typeof inner !== "object" || inner === null) {
      throw new HoldpointError("usage", `There is no setting "${path}".`, {
        hint: "See `settings` for those there are.",
      });
    }
    place = inner as Record<string, unknown>;
  }
  place[last] = parseValue(rest.join("="));
}

/** As JSON where it is some; `a,b` is a list of words only where it is written as one, in brackets. */
function parseValue(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function print(session: Session, { version, settings: current }: VersionedSettings): number {
  const { surroundings, json } = session;
  if (json) {
    surroundings.write(`${JSON.stringify({ version, settings: current }, null, 2)}\n`);
    return EXIT.done;
  }
  const { approvals, ...plain } = current;
  const rows = Object.entries(plain).map(([name, value]) => [name, JSON.stringify(value)]);
  const rules = Object.entries(approvals).map(([level, { role, people, requesterMay, expiresMinutes }]) => [
    `approvals.${level}`,
    `${people} ${role}${people > 1 ? "s" : ""}${requesterMay ? "" : ", not who asked"}${expiresMinutes === null ? "" : `, within ${expiresMinutes} minutes`}`,
  ]);
  const text = `${table(["setting", "value"], [...rows, ...rules])}\n${dim(`Version ${version}. To change: settings <name>=<value>`)}`;
  surroundings.write(`${text}\n`);
  return EXIT.done;
}

/** Shows who may do what, or gives somebody a role; \`none\` takes it. */
export async function members(session: Session, person: string | undefined, role: string | undefined): Promise<number> {
  const { backend, local, surroundings, json } = session;
  let all = person === undefined ? await backend.members() : [];
  if (person !== undefined) {
    const given = role === "none" ? null : RoleSchema.safeParse(role).data;
    if (given === undefined) {
      throw new HoldpointError("usage", `"${role ?? ""}" is no role.`, {
        hint: `Expected one of: ${RoleSchema.options.join(", ")}, none.`,
      });
    }
    all = await backend.setMember(person, given);
  }
  if (json) {
    surroundings.write(`${JSON.stringify({ members: all }, null, 2)}\n`);
    return EXIT.done;
  }
  const rows = all.map((member) => [member.principal, member.role]);
  const nobody = local
    ? "Nobody is named: everybody who reaches these files may do everything. Name an admin first."
    : "Nobody is named: whoever calls the server may what their key or token says.";
  surroundings.write(`${rows.length > 0 ? table(["who", "role"], rows) : nobody}\n`);
  return EXIT.done;
}
