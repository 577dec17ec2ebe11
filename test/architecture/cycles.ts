/** An import from one file of the project to another; types count. */
export type Edge = { from: string; to: string; line: number };

/**
 * One edge for each cycle of imports: the first one, by file and line, that stays within it. Files
 * that can reach each other are one cycle, so a tangle of any size is reported once.
 */
export function findCycles(edges: readonly Edge[]): { edge: Edge; files: string[] }[] {
  const targets = Map.groupBy(edges, ({ from }) => from);
  const reachable = new Map([...targets.keys()].map((file) => [file, reach(targets, file)]));
  const reported = new Set<string>();
  const sorted = edges.toSorted(
    (a, b) => a.from.localeCompare(b.from) || a.line - b.line || a.to.localeCompare(b.to),
  );
  return sorted.flatMap((edge) => {
    if (!reachable.get(edge.to)?.has(edge.from) || reported.has(edge.from)) return [];
    const files = [...(reachable.get(edge.from) ?? [])]
      .filter((file) => reachable.get(file)?.has(edge.from))
      .sort();
    for (const file of files) reported.add(file);
    return [{ edge, files }];
  });
}

function reach(targets: ReadonlyMap<string, readonly Edge[]>, start: string): Set<string> {
  const found = new Set<string>();
  const open = [start];
  for (let file = open.pop(); file !== undefined; file = open.pop()) {
    for (const { to } of targets.get(file) ?? []) {
      if (found.has(to)) continue;
      found.add(to);
      open.push(to);
    }
  }
  return found;
}
