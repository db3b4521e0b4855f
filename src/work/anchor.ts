/** Keeps the head of an audit log outside the database, so that a chain that is written anew as a whole is noticed. */
import { open, readFile } from "node:fs/promises";
import type { Identity } from "../domain/run.ts";
import { asStorageError, explainError, HoldpointError } from "../errors.ts";
import { writeThrough } from "../ledger/audit.ts";
import type { Anchor } from "../ledger/audit-chain.ts";
import { readHead } from "../ledger/audit-check.ts";
import { anchorLine, parseAnchor } from "../ledger/audit-export.ts";
import { assertMay } from "../ledger/members.ts";
import type { Runtime } from "../runtime.ts";
import { postJson } from "./post.ts";

/** A tenant's head as it is now. @throws HoldpointError `denied` */
export async function takeAnchor({ ledger, now }: Runtime, identity: Identity): Promise<Anchor> {
  await assertMay(ledger, identity, "audit");
  const { tenant } = identity;
  await writeThrough(ledger, tenant);
  return { tenant, ...(await readHead(ledger, tenant)), at: now() };
}

/**
 * Appends an anchor as a JSON line to a file, or posts it to an address.
 * @param to a path, or an https address (http only on this machine)
 * @throws HoldpointError `storage` that names where it could not be put, `usage` for an address or a folder that will not do
 */
export async function keepAnchor(anchor: Anchor, to: string): Promise<void> {
  await (/^[a-z][a-z0-9+.-]+:\/\//i.test(to) ? post(to, anchor) : append(to, anchor));
}

async function append(path: string, anchor: Anchor): Promise<void> {
  try {
    const file = await open(path, "a");
    try {
      await file.writeFile(anchorLine(anchor));
      await file.sync(); // it is to outlive whatever becomes of this machine's memory
    } finally {
      await file.close();
    }
  } catch (error) {
    throw unusable(path, error);
  }
}

async function post(address: string, anchor: Anchor): Promise<void> {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  const own = url && ["localhost", "127.0.0.1", "[::1]"].includes(url.hostname);
  if (url?.protocol !== "https:" && !(own && url.protocol === "http:")) {
    throw new HoldpointError("usage", "Anchors are posted to https addresses, or kept in a file.", {
      hint: "Give --to an https address, or the path of a file.",
    });
  }
  await postJson(url, anchor, { what: "the head", hint: "The head was not kept; try again." });
}

/**
 * The anchors of a file, as {@link keepAnchor} wrote them.
 * @throws HoldpointError `usage` when there is no such file, or a line of it is none; `storage` when it cannot be read
 */
export async function readAnchors(path: string): Promise<Anchor[]> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    throw unusable(path, error);
  }
  return text.split("\n").flatMap((line, index) => {
    if (line.trim() === "") return [];
    const anchor = parseAnchor(line);
    if (anchor) return anchor;
    throw new HoldpointError("usage", `Line ${index + 1} of ${path} is no anchor.`, {
      hint: "Give --anchor a file that `audit anchor --to` wrote.",
    });
  });
}

/** What is wrong with a file that was named. */
export function unusable(path: string, error: unknown): HoldpointError {
  if (error instanceof HoldpointError) return error;
  const missing = error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "EISDIR");
  if (missing) return new HoldpointError("usage", `There is no file ${path}.`, { cause: error });
  const known = asStorageError(error, path);
  if (known instanceof HoldpointError) return known;
  return new HoldpointError("storage", `${path} cannot be used: ${explainError(error)}.`, { cause: error });
}
