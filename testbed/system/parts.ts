import { SERVICES, type ServiceName } from "#proto/services.ts";

/** Each service has two replicas, gateway and sandbox one. */
const REPLICAS = 2;
const EDGE_PROGRAMS = ["gateway", "sandbox"] as const;
/** What runs under a name such as "order2" or "gateway". */
export type Kind = ServiceName | (typeof EDGE_PROGRAMS)[number];
type Part = { name: string; kind: Kind };

/** All programs of the system. */
export const PARTS: Part[] = [
  ...SERVICES.flatMap((kind) =>
    Array.from({ length: REPLICAS }, (_, index) => ({ name: `${kind}${index + 1}`, kind })),
  ),
  ...EDGE_PROGRAMS.map((kind) => ({ name: kind, kind })),
];

/** Which programs call which. Every service also calls the database and the broker. */
const CALLS: Partial<Record<Kind, Kind[]>> = {
  order: ["goods", "coupon", "user", "pay"],
  pay: ["order", "sandbox"],
  gateway: ["pay"],
  // The provider's callbacks.
  sandbox: ["gateway"],
};

/** The edges of the system. "load" stands for shoppers and administrators. */
export function edgesOf(brokers: readonly string[]): { from: string; to: string }[] {
  const named = (kind: Kind) => PARTS.filter((part) => part.kind === kind).map(({ name }) => name);
  const calls = PARTS.flatMap(({ name, kind }) => {
    const engines = isService(kind) ? ["database", ...brokers] : [];
    return [...(CALLS[kind] ?? []).flatMap(named), ...engines].map((to) => ({ from: name, to }));
  });
  const load = [...SERVICES.flatMap(named), "sandbox"].map((to) => ({ from: "load", to }));
  return [...calls, ...load];
}

export function isService(kind: Kind): kind is ServiceName {
  return SERVICES.some((service) => service === kind);
}
