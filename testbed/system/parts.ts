import { SERVICES, type ServiceName } from "#proto/services.ts";
import { FACES, type FaceName } from "../../simulators/base/trades.ts";

/** Each service has two replicas, the others one. */
const REPLICAS = 2;
const EDGE_PROGRAMS = ["gateway", "sandbox", "simulators"] as const;
/** What runs under a name such as "order2" or "gateway". */
export type Kind = ServiceName | (typeof EDGE_PROGRAMS)[number];
export type Part = { name: string; kind: Kind };

/** All programs of the system. */
export const PARTS: Part[] = [
  ...SERVICES.flatMap((kind) =>
    Array.from({ length: REPLICAS }, (_, index) => ({ name: `${kind}${index + 1}`, kind })),
  ),
  ...EDGE_PROGRAMS.map((kind) => ({ name: kind, kind })),
];

/** Everything that listens: the programs, and each face of the simulators. */
export const PLACES: string[] = [...PARTS.map(({ name }) => name), ...FACES];

/** Which programs call which. Every service also calls the database and the broker. */
const CALLS: Partial<Record<Kind, (Kind | FaceName)[]>> = {
  order: ["goods", "coupon", "user", "pay"],
  pay: ["order", "sandbox", ...FACES],
  gateway: ["pay"],
  // The callbacks of all providers.
  sandbox: ["gateway"],
};

/** The edges of the system. "load" stands for shoppers and administrators. */
export function edgesOf(brokers: readonly string[]): { from: string; to: string }[] {
  const named = (kind: Kind | FaceName) => {
    const parts = PARTS.filter((part) => part.kind === kind).map(({ name }) => name);
    return parts.length > 0 ? parts : [kind];
  };
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
