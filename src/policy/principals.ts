/** What people are called. Some names are the system's own: what it does by itself is under them. */
import { HoldpointError } from "../errors.ts";
import { maskText } from "../telemetry/mask.ts";

const OWN_NAMES: readonly string[] = ["system", "policy", "reviewer"];

/** @throws HoldpointError `usage` when a name is the system's own, so that nobody passes for it */
export function assertPerson(name: string): void {
  if (!OWN_NAMES.includes(name.trim().toLowerCase())) return;
  throw new HoldpointError("usage", `"${name}" is what the system calls itself, and no name for a person.`, {
    hint: "Give another name.",
  });
}

/**
 * A name that was given for a person, without the space around it.
 * @throws HoldpointError `usage` when it is not 1 to 100 printable characters, or the system's own
 */
export function toPrincipal(given: string): string {
  const name = given.trim();
  if (name === "" || name.length > 100 || /\p{C}/u.test(name)) {
    throw new HoldpointError("usage", `"${maskText(name).slice(0, 120)}" is no name for a person.`, {
      hint: "Give a name of 1 to 100 printable characters.",
    });
  }
  assertPerson(name);
  return name;
}
