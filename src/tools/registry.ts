/** The actions that a plan may call, by name. */
import { HoldpointError } from "../errors.ts";
import type { Action, AnyRead, AnyWrite } from "./action.ts";

export interface Registry {
  readonly actions: readonly Action[];
  find(name: string): Action | undefined;
  /** @throws HoldpointError `internal` when there is no read of that name */
  getRead(name: string): AnyRead;
  /** @throws HoldpointError `internal` when there is no write of that name */
  getWrite(name: string): AnyWrite;
}

/** @throws TypeError when two actions have the same name */
export function createRegistry(actions: readonly Action[]): Registry {
  const byName = new Map<string, Action>();
  for (const action of actions) {
    if (byName.has(action.name)) throw new TypeError(`Two actions are called "${action.name}": names are unique.`);
    byName.set(action.name, action);
  }
  const missing = (kind: string, name: string) =>
    new HoldpointError("internal", `There is no ${kind} action "${name}".`, {
      hint: "Was it removed from the registry?",
    });
  return {
    actions,
    find: (name) => byName.get(name),
    getRead(name) {
      const action = byName.get(name);
      if (action?.kind !== "read") throw missing("read", name);
      return action;
    },
    getWrite(name) {
      const action = byName.get(name);
      if (action?.kind !== "write") throw missing("write", name);
      return action;
    },
  };
}
