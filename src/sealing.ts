/** Encryption of stored text: AES-256-GCM, a random nonce for each text, bound to the place where it is stored. */
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";
import { HoldpointError } from "./errors.ts";

const PREFIX = "sealed:1:";
const NONCE = 12;
const TAG = 16;
const KEY_BYTES = 32;

/** Whether a stored text is encrypted; what was written before there was a key is not. */
export const isSealed = (text: string): boolean => text.startsWith(PREFIX);

/** @param place what the text is bound to: elsewhere it cannot be opened */
export function seal(key: Buffer, place: string, text: string): string {
  const nonce = randomBytes(NONCE);
  const cipher = createCipheriv("aes-256-gcm", key, nonce).setAAD(Buffer.from(place));
  const sealed = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
  return PREFIX + Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString("base64");
}

/** @throws HoldpointError `storage` when the key is another one, or the text was altered or stood elsewhere */
export function unseal(key: Buffer, place: string, text: string): string {
  const bytes = Buffer.from(text.slice(PREFIX.length), "base64");
  try {
    const nonce = bytes.subarray(0, NONCE);
    const opener = createDecipheriv("aes-256-gcm", key, nonce, { authTagLength: TAG }).setAAD(Buffer.from(place));
    opener.setAuthTag(bytes.subarray(NONCE, NONCE + TAG));
    return Buffer.concat([opener.update(bytes.subarray(NONCE + TAG)), opener.final()]).toString("utf8");
  } catch (error) {
    throw new HoldpointError(
      "storage",
      "What is stored encrypted cannot be opened: the key is another one, or it was altered.",
      {
        hint: "Set HOLDPOINT_ENCRYPTION_KEY to the key that it was written with.",
        cause: error,
      },
    );
  }
}

/** A key for one purpose, made from another one (HKDF, RFC 5869). */
export const derivedKey = (key: Buffer, purpose: string): Buffer =>
  Buffer.from(hkdfSync("sha256", key, "", purpose, KEY_BYTES));

export const newKey = (): Buffer => randomBytes(KEY_BYTES);

/** @throws HoldpointError `usage` when the text is no key; the text is a secret, and not part of the error */
export function parseKey(text: string): Buffer {
  const key = Buffer.from(text, "base64");
  if (key.length === KEY_BYTES && /^[A-Za-z0-9+/]{43}=$/.test(text)) return key;
  throw new HoldpointError("usage", `The encryption key is not ${KEY_BYTES} bytes in base64.`, {
    hint: "Make one with `openssl rand -base64 32`, and keep it: without it nothing can be read.",
  });
}
