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
  /** The shoppers' tokens as gRPC takes them, in their order. */
  callers: Caller[];
  order: Rpc;
  goods: Rpc;
  pay: Rpc;
  /** The same in the turn of every target, another in every client process. */
  random: Random;
  nextRequestId(): string;
  /** The number of a coupon that nobody used at this target; throws where there is none left. */
  nextCoupon(): number;
  /** Runs a part of an errand and counts its time under this name. */
  step<T>(name: string, part: () => Promise<T>): Promise<T>;
  /** When a callback was due. */
  tellDue(orderId: bigint, cameMs: number): void;
};

/** Does what one customer does; throws where that was refused or got no answer. */
export type Errand = (cameMs: number) => Promise<void>;

/** Makes ready what errands need, outside the measured time. */
export type Workload = (stage: Stage) => Errand | Promise<Errand>;

/** A part of a list that belongs to this client process, in its order. */
export function shareOf<T>(list: readonly T[], { client, clients }: Setting): T[] {
  return list.filter((_, index) => index % clients === client);
}

export const PLACE_ORDER = "/shop.order.v1.OrderService/PlaceOrder";
