import type { Basket, CatalogSize } from "../catalog.ts";

export type WorkloadName = "place" | "hot" | "flash" | "pay" | "callback" | "retail" | "mixed";

/** Where what is loaded can be reached. A baseline has an address of its own for orders only. */
export type Places = {
  order: string;
  goods?: string;
  pay?: string;
  gatewayUrl?: string;
  sandboxUrl?: string;
};

/** How the load comes. */
export type Loop =
  /** So many customers at once, each with the next errand as soon as it has its answer. */
  | { kind: "closed"; inFlight: number }
  /** So many customers a second, whether the answers come or not. */
  | { kind: "open"; perSecond: number }
  /** So many customers, all at the same moment. */
  | { kind: "burst"; customers: number };

/** What a client process needs to know once. */
export type Setting = {
  client: number;
  clients: number;
  size: CatalogSize;
  /** In the order of the catalogue's shoppers. */
  tokens: string[];
  retail: { items: { unitPriceCents: bigint }[]; baskets: Basket[] } | undefined;
};

/** What a client process does in one go. */
export type Phase = {
  /** A name for the target: what was used up there stays used up. */
  target: string;
  places: Places;
  workload: WorkloadName;
  loop: Loop;
  seconds: number;
  seed: string;
  /** Of a flash sale: which one. */
  flash?: number;
  /** Of callbacks: what to send. */
  callbacks?: { orderId: bigint; body: Uint8Array }[];
};

export type ToClient = { kind: "setting"; setting: Setting } | { kind: "phase"; phase: Phase };

/** What one client process saw. Histograms are encoded. */
export type Seen = {
  /** Errands by how they ended: "ok", or a gRPC status with the shop's reason. */
  outcomes: Record<string, number>;
  /** Errands that ended well before the time was over. */
  inTime: number;
  ok: string;
  refused: string;
  /** Calls and waits that errands consist of, by name. */
  steps: Record<string, string>;
  /** Ended well in each second. */
  perSecond: number[];
  cpuMs: number;
  /** From the first arrival to the last answer. */
  elapsedMs: number;
  rssBytes: number;
  /** Of callbacks: when each was due, by the clock. */
  due: { orderId: bigint; dueAtMs: number }[];
};

export type FromClient =
  | { kind: "ready" }
  | { kind: "progress"; done: number }
  | { kind: "seen"; seen: Seen }
  | { kind: "failed"; message: string };
