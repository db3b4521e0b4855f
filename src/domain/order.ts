/** The order of steps by what they wait for. */

interface Waiting {
  readonly id: string;
  readonly dependsOn: readonly string[];
}

/** The items, each after those that it waits for; among themselves in the order in which they came. Takes linear time. */
export function inOrder<Item extends Waiting>(items: readonly Item[]): Item[] {
  const left = new Map(items.map((item) => [item.id, item]));
  const ordered: Item[] = [];
  const open: { item: Item; looked: number }[] = [];
  const begin = (item: Item | undefined) => {
    // Each once, so that what waits for itself in a circle is not waited for.
    if (item && left.delete(item.id)) open.push({ item, looked: 0 });
  };
  for (const first of items) {
    begin(left.get(first.id));
    // Not by recursion: a plan may be a chain of a thousand steps.
    for (let top = open.at(-1); top; top = open.at(-1)) {
      const { item, looked } = top;
      if (looked < item.dependsOn.length) {
        top.looked++;
        begin(left.get(item.dependsOn[looked] ?? ""));
      } else {
        open.pop();
        ordered.push(item);
      }
    }
  }
  return ordered;
}
