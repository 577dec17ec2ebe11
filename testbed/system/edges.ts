import { type EdgeProxy, startProxy } from "../proxy/proxy.ts";

/** A proxy for each edge, so that each can fail separately. */
export type Edges = {
  all: EdgeProxy[];
  /**
   * The edge between two parts, such as ("order1", "goods2"), ("pay1", "database") or ("load",
   * "order1").
   */
  edge(from: string, to: string): EdgeProxy;
  /**
   * The edges from `from` to `to`; an end that is omitted matches all. A kind such as "order"
   * stands for its replicas.
   */
  select(ends: { from?: string; to?: string }): EdgeProxy[];
  /** Repairs all edges. */
  mend(): void;
  stop(): Promise<void>;
};

export async function startEdges(
  edges: readonly { from: string; to: string }[],
  placeOf: (name: string) => { host: string; port: number },
): Promise<Edges> {
  const all = await Promise.all(edges.map((each) => startProxy({ ...each, ...placeOf(each.to) })));
  const matches = (name: string, wanted: string | undefined) =>
    wanted === undefined || name === wanted || name.replace(/\d+$/, "") === wanted;
  return {
    all,
    edge(from, to) {
      const found = all.find((proxy) => proxy.from === from && proxy.to === to);
      if (!found) throw new Error(`the system has no edge from ${from} to ${to}`);
      return found;
    },
    select: ({ from, to }) =>
      all.filter((proxy) => matches(proxy.from, from) && matches(proxy.to, to)),
    mend() {
      for (const proxy of all) proxy.mend();
    },
    async stop() {
      await Promise.all(all.map((proxy) => proxy.stop()));
    },
  };
}
