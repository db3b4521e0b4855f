/** `keys`: what programs show to be let in. */
import { RoleSchema } from "../domain/role.ts";
import { HoldpointError } from "../errors.ts";
import type { ApiKey } from "../ledger/api-keys.ts";
import { EXIT } from "./exit-status.ts";
import type { Session } from "./session.ts";
import { dim, table } from "./text.ts";
import { parseUntil } from "./until.ts";

export interface KeyOptions {
  role?: string;
  principal?: string;
  scopes?: string;
  expires?: string;
}

/** Shows the tenant's keys, without their secrets. */
export async function listKeys(session: Session): Promise<number> {
  const { backend, surroundings, json } = session;
  const keys = await backend.keys();
  if (json) {
    surroundings.write(`${JSON.stringify({ keys }, null, 2)}\n`);
    return EXIT.done;
  }
  const now = backend.now();
  const rows = keys.map((key) => [
    ...[key.id, key.name, key.principal, key.role, key.scopes?.join(", ") ?? "all of the role"],
    ...[stateOf(key, now), key.lastUsedAt === null ? "never" : minute(key.lastUsedAt)],
  ]);
  const head = ["id", "name", "acts as", "role", "for", "state", "last used (UTC)"];
  const text =
    rows.length > 0 ? table(head, rows) : "There are no keys. `keys create <name> --role operator` makes one.";
  surroundings.write(`${text}\n`);
  return EXIT.done;
}

/** Makes a key, and shows its secret. */
export async function addKey(session: Session, name: string, options: KeyOptions): Promise<number> {
  const { backend } = session;
  const role = RoleSchema.safeParse(options.role).data;
  if (!role) {
    throw new HoldpointError("usage", `"${options.role ?? ""}" is no role.`, {
      hint: `Give --role with one of: ${RoleSchema.options.join(", ")}.`,
    });
  }
  const { principal, scopes, expires } = options;
  const made = await backend.createKey({
    ...{ name, role, principal },
    scopes: scopes?.split(",").map((scope) => scope.trim()),
    expiresAt: expires === undefined ? undefined : parseUntil(expires, { now: backend.now(), option: "--expires" }),
  });
  return showSecret(session, made);
}

/** Gives a key another secret, and shows it. */
export async function renewKey(session: Session, id: string, { now = false }: { now?: boolean }): Promise<number> {
  return showSecret(session, await session.backend.rotateKey(id, { now }));
}

/** Ends a key. */
export async function endKey(session: Session, id: string): Promise<number> {
  const { backend, surroundings, json } = session;
  const key = await backend.revokeKey(id);
  surroundings.write(json ? `${JSON.stringify({ key }, null, 2)}\n` : `The key ${key.id} (${key.name}) is revoked.\n`);
  return EXIT.done;
}

function showSecret({ surroundings, json }: Session, { key, secret }: { key: ApiKey; secret: string }): number {
  if (json) {
    surroundings.write(`${JSON.stringify({ key, secret }, null, 2)}\n`);
    return EXIT.done;
  }
  const before = key.previousUntil === null ? [] : [`The one before is taken until ${minute(key.previousUntil)} UTC.`];
  const what = `${key.name} (${key.id}): ${key.role} of ${key.tenant}, as ${key.principal}.`;
  const lines = [
    secret,
    "",
    what,
    ...before,
    dim("This is the only time that it is shown: keep it where secrets are kept."),
  ];
  surroundings.write(`${lines.join("\n")}\n`);
  return EXIT.done;
}

const minute = (time: string): string => time.slice(0, 16).replace("T", " ");

function stateOf({ revokedAt, expiresAt }: ApiKey, now: string): string {
  if (revokedAt !== null) return "revoked";
  if (expiresAt === null) return "valid";
  return expiresAt <= now ? "expired" : `until ${minute(expiresAt)}`;
}
