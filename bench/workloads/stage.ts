import type { Random } from "../../testbed/random.ts";
import type { Shelves } from "../catalog.ts";
import type { Phase, Setting } from "../load/messages.ts";
import type { Caller, Rpc } from "../load/rpc.ts";

/** What a client process has for one phase. */
export type Stage = {
  setting: Setting;
  phase: Phase;
  shelves: Shelves;
  shopperIds: bigint[];
  /** The shoppers' tokens as gRPC metadata, in the order of the shoppers. */
  callers: Caller[];
  order: Rpc;
  goods: Rpc;
  pay: Rpc;
  /** The same for every target, and different in every client process. */
  random: Random;
  nextRequestId(): string;
  /** The index of an unused coupon of this target; throws when all are used. */
  nextCoupon(): number;
  /** Runs a part of a task and records its time under this name. */
  step<T>(name: string, part: () => Promise<T>): Promise<T>;
  /** Records when a callback was due. */
  recordDue(orderId: bigint, arrivedMs: number): void;
};

/** Does what one customer does. Throws when it was refused or not answered. */
export type Task = (arrivedMs: number) => Promise<void>;

/** Prepares what tasks need, outside the measured time. */
export type Workload = (stage: Stage) => Task | Promise<Task>;

/** The part of a list that belongs to this client process, in order. */
export function shareOf<T>(list: readonly T[], { client, clients }: Setting): T[] {
  return list.filter((_, index) => index % clients === client);
}

export const PLACE_ORDER = "/shop.order.v1.OrderService/PlaceOrder";
