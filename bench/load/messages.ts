import type { Basket, CatalogSize } from "../catalog.ts";

export type WorkloadName = "place" | "hot" | "flash" | "pay" | "callback" | "retail" | "mixed";

/** Addresses of the target. A baseline has only that for orders. */
export type Places = {
  order: string;
  goods?: string;
  pay?: string;
  gatewayUrl?: string;
  sandboxUrl?: string;
};

/** The form of a load. */
export type Loop =
  /** A closed loop: each of so many customers starts its next task when it has its answer. */
  | { kind: "closed"; inFlight: number }
  /** An open loop: customers arrive at this rate, independently of answers. */
  | { kind: "open"; perSecond: number }
  /** All customers arrive at the same moment. */
  | { kind: "burst"; customers: number };

/** What a client process receives once. */
export type Setting = {
  client: number;
  clients: number;
  size: CatalogSize;
  /** Tokens in the order of the catalogue's shoppers. */
  tokens: string[];
  retail: { items: { unitPriceCents: bigint }[]; baskets: Basket[] } | undefined;
};

/** What a client process does in one phase. */
export type Phase = {
  /** The name of the target, whose coupons stay used. */
  target: string;
  places: Places;
  workload: WorkloadName;
  loop: Loop;
  seconds: number;
  seed: string;
  /** The index of a flash sale. */
  flash?: number;
  /** The callbacks to send. */
  callbacks?: { orderId: bigint; body: Uint8Array }[];
};

export type ToClient = { kind: "setting"; setting: Setting } | { kind: "phase"; phase: Phase };

/** The result of one client process. Histograms are encoded. */
export type PhaseResult = {
  /** Tasks by outcome: "ok", or a gRPC status with the shop's reason. */
  outcomes: Record<string, number>;
  /** Tasks that succeeded in time. */
  inTime: number;
  ok: string;
  refused: string;
  /** The steps of tasks, by name. */
  steps: Record<string, string>;
  /** Tasks that succeeded in each second. */
  perSecond: number[];
  cpuMs: number;
  /** From the first arrival to the last answer. */
  elapsedMs: number;
  rssBytes: number;
  /** When each callback was due, by the wall clock. */
  due: { orderId: bigint; dueAtMs: number }[];
};

export type FromClient =
  | { kind: "ready" }
  | { kind: "progress"; done: number }
  | { kind: "result"; result: PhaseResult }
  | { kind: "failed"; message: string };
