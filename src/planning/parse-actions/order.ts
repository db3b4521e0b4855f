/** Names the actions of an answer, and sees that what they wait for is there. */
import type { CheckedAction } from "./check.ts";
import type { Refusal } from "./raw.ts";

export interface NumberedAction extends CheckedAction {
  readonly id: string;
  /** The answer itself gives the id. */
  readonly isNamed: boolean;
}

/** Bare numbers are what people call steps by: 1 and "1" are `s1`. */
const idOf = (given: string): string => (/^\d+$/.test(given) ? `s${Number(given)}` : given);

/** Every action with an id: its own, or the next free one of `s1`, `s2`, ... */
export function numberActions(actions: readonly CheckedAction[]): NumberedAction[] {
  const taken = new Set(actions.flatMap(({ id }) => (id === undefined ? [] : [idOf(id)])));
  let next = 0;
  const free = (): string => {
    do next++;
    while (taken.has(`s${next}`));
    return `s${next}`;
  };
  return actions.map((action) => ({
    ...action,
    id: action.id === undefined ? free() : idOf(action.id),
    isNamed: action.id !== undefined,
    dependsOn: action.dependsOn.map(idOf),
  }));
}

/** Leaves out what waits for something that is not there, or that waits for it. */
export function orderActions(actions: readonly NumberedAction[]): { kept: NumberedAction[]; refused: Refusal[] } {
  const refused: Refusal[] = [];
  let kept = [...actions];
  const leaveOut = (field: string, explain: (action: NumberedAction) => string | undefined): boolean => {
    const faulty = kept.map((action) => ({ action, reason: explain(action) })).filter(({ reason }) => reason);
    refused.push(
      ...faulty.map(({ action, reason = "" }) => ({ where: action.raw.where, action: action.raw.name, field, reason })),
    );
    const left = new Set(faulty.map(({ action }) => action));
    kept = kept.filter((action) => !left.has(action));
    return faulty.length > 0;
  };
  const isTwice = (id: string) => actions.filter((other) => other.id === id).length > 1;
  leaveOut("id", ({ id }) => (isTwice(id) ? `given "${id}", which is the id of another action, too` : undefined));
  let isLess = true;
  while (isLess) {
    // An id that the answer does not give cannot be what it means.
    const ids = new Set(kept.filter(({ isNamed }) => isNamed).map(({ id }) => id));
    isLess = leaveOut("dependsOn", ({ dependsOn }) => {
      const missing = dependsOn.find((id) => !ids.has(id));
      return missing && `given "${missing}"; expected the id of another action of the answer that can be proposed`;
    });
  }
  const circle = new Set(inCircle(kept));
  leaveOut("dependsOn", ({ id }) => (circle.has(id) ? "given actions that wait for this one" : undefined));
  return { kept, refused };
}

/** The ids of those that can never begin. */
function inCircle(actions: readonly NumberedAction[]): string[] {
  const done = new Set<string>();
  let rest = [...actions];
  for (;;) {
    const ready = rest.filter(({ dependsOn }) => dependsOn.every((id) => done.has(id)));
    if (ready.length === 0) return rest.map(({ id }) => id);
    for (const { id } of ready) done.add(id);
    rest = rest.filter(({ id }) => !done.has(id));
  }
}
