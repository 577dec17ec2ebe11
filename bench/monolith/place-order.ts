import type { MessageInitShape } from "@bufbuild/protobuf";
import { isDuplicateKey } from "#platform/db/errors.ts";
import { Reason, Refusal } from "#platform/values/refusal.ts";
import type { OrderSchema } from "#proto/shop/order/v1/order_pb.ts";
import { payAmount } from "../../services/order/domain/amounts.ts";
import {
  checkRequest,
  type PlaceCommand,
  requestFingerprint,
} from "../../services/order/domain/place-request.ts";
import * as limits from "../../services/order/limits.ts";
import { eventsOf, orderMessage } from "./answer.ts";
import { type Connections, RunAgain, type Transaction } from "./connections.ts";
import { earlierOrder } from "./earlier.ts";
import { balanceRefusal, couponDiscount, goodsRefusal } from "./look.ts";
import type { OutboxEvent, Relay } from "./relay.ts";
import { spendCoupon, takeBalance, takeStock } from "./take.ts";
import {
  type Decided,
  insertEvents,
  insertHistory,
  insertLines,
  insertOrder,
} from "./write-order.ts";

type Parts = {
  connections: Connections;
  relay: Relay;
  nextId: () => bigint;
  shipping: { freeFromCents: bigint; feeCents: bigint };
  payDeadlineSeconds: number;
};

type OrderMessage = MessageInitShape<typeof OrderSchema>;
/** A request that passed the checks. */
type Request = PlaceCommand & { goodsAmountCents: bigint; fingerprint: Buffer };
type Asking = { actor: string; traceparent: string; deadlineMs: number };
type WorkloadChoice = { request: Request; asking: Asking };
type Placed = { message: OrderMessage; events: OutboxEvent[] };

/**
 * Places an order in one transaction. A repeated request gets the same order, which is found by its
 * duplicate key: a new request costs no lookup.
 */
export async function placeOrder(
  parts: Parts,
  command: PlaceCommand,
  asking: Asking,
): Promise<OrderMessage> {
  const rules = { limits, shipping: parts.shipping };
  const goodsAmountCents = checkRequest(command, rules);
  if (goodsAmountCents instanceof Refusal) throw goodsAmountCents;
  const request = { ...command, goodsAmountCents, fingerprint: requestFingerprint(command) };
  const { message, events } = await parts.connections.transact((tx) =>
    placeOrRepeat(tx, parts, { request, asking }),
  );
  parts.relay.publishSoon(events);
  return message;
}

async function placeOrRepeat(
  tx: Transaction,
  parts: Parts,
  order: WorkloadChoice,
): Promise<Placed> {
  if (Date.now() >= order.asking.deadlineMs) {
    // The caller's deadline passed while the order waited for a connection.
    throw new Refusal(Reason.RATE_LIMITED, { cause: "deadline_passed_in_queue" });
  }
  try {
    return await place(tx, parts, order);
  } catch (error) {
    // Nothing has been written. A refusal may also mean that this request was placed before, and
    // took what is missing.
    if (!isDuplicateKey(error) && !(error instanceof Refusal)) throw error;
    const earlier = await earlierOrder(tx, order.request);
    if (!earlier) throw error;
    return { message: earlier, events: [] };
  }
}

async function place(
  tx: Transaction,
  parts: Parts,
  { request, asking }: WorkloadChoice,
): Promise<Placed> {
  const { couponId, balanceCents, orderAmountCents } = request;
  const couponPaidCents = couponId === 0n ? 0n : await couponDiscount(tx, request);
  if (couponPaidCents instanceof Refusal) {
    throw (await goodsRefusal(tx, request)) ?? couponPaidCents;
  }
  const payAmountCents = payAmount({ orderAmountCents, couponPaidCents, balanceCents });
  if (payAmountCents instanceof Refusal) {
    throw (await goodsRefusal(tx, request)) ?? payAmountCents;
  }
  const now = new Date();
  const order: Decided = {
    ...request,
    actor: asking.actor,
    traceparent: asking.traceparent,
    orderId: parts.nextId(),
    couponPaidCents,
    payAmountCents,
    now,
    payDeadline: new Date(now.getTime() + parts.payDeadlineSeconds * 1_000),
  };
  if (!(await insertOrder(tx, order))) {
    const refusal = (await goodsRefusal(tx, request)) ?? (await balanceRefusal(tx, request));
    throw refusal ?? new RunAgain("the missing goods or balance have arrived meanwhile");
  }
  await insertLines(tx, order);
  await insertHistory(tx, order);
  const events = eventsOf(order, parts.nextId);
  await insertEvents(tx, events);
  if (couponId !== 0n) await spendCoupon(tx, order);
  if (balanceCents > 0n) await takeBalance(tx, order, parts.nextId);
  await takeStock(tx, order, parts.nextId);
  return { message: orderMessage(order), events };
}
