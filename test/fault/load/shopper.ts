import { create } from "@bufbuild/protobuf";
import { type Order, OrderSchema } from "#proto/shop/order/v1/order_pb.ts";
import type { Payment } from "#proto/shop/pay/v1/pay_pb.ts";
import { ADDRESS, newKey, placeRequest } from "../../../testbed/orders/fixtures.ts";
import type { Market, Ware } from "./market.ts";
import { type Answer, answerTo, type Errand, type Wish } from "./memory.ts";

/** A client that remembers: every method makes an errand, asks once, and keeps what it was told. */
export type Shopper = {
  userId: bigint;
  place(order: {
    lines: [Ware, quantity: bigint][];
    couponId?: bigint;
    balanceCents?: bigint;
  }): Promise<Errand<WishOf<"place">>>;
  /** CreatePayment; the OK answer has the payment's id. */
  openPayment(orderId: bigint): Promise<Errand<WishOf<"open-payment">>>;
  /** At the platform, as in the browser. */
  pay(payment: { orderId: bigint; paymentId: bigint }): Promise<Errand<WishOf<"pay">>>;
  cancel(orderId: bigint): Promise<Errand<WishOf<"cancel">>>;
  /** By an administrator, as shipping; no lines: all that is left. */
  refund(
    orderId: bigint,
    lines?: { goodsId: bigint; quantity: bigint }[],
  ): Promise<Errand<WishOf<"refund">>>;
  ship(orderId: bigint): Promise<Errand<WishOf<"ship">>>;
  receive(orderId: bigint): Promise<Errand<WishOf<"receive">>>;
  /** The same request_id with other contents, which must be refused. */
  reuseKey(placed: Errand<WishOf<"place">>): Promise<void>;
  /** The order as it is now; undefined where nobody answers. */
  look(orderId: bigint): Promise<Order | undefined>;
  /** A coupon of 2.00 off; undefined where nobody answers. */
  getCoupon(): Promise<bigint | undefined>;
};

type WishOf<K extends Wish["kind"]> = Extract<Wish, { kind: K }>;

/** A person's patience. Long enough for what a service may take, short enough to see many outages in a minute. */
const PATIENCE_MS = 6_000;
const PROVIDER = "sandbox";
const RETURN_URL = "http://127.0.0.1:8080/back";
const COUPON_CENTS = 200n;

export function shopper({ system, memory }: Market, userId: bigint): Shopper {
  const { shop, checkout } = system;
  const own = shop.user(userId);
  const { admin } = shop;
  const patiently = () => ({ deadlineMs: Date.now() + PATIENCE_MS });

  async function errand<W extends Wish>(wish: W, call: () => Promise<bigint>): Promise<Errand<W>> {
    const made: Errand<W> = { userId, wish, attempts: [], ask };
    async function ask(): Promise<Answer> {
      const askedMs = Date.now();
      const answer = await answerTo(call);
      made.attempts.push({ askedMs, answeredMs: Date.now(), answer });
      return answer;
    }
    // Before it is asked, so that a call that is under way when its shopper is stopped is known, too.
    memory.errands.push(made as Errand);
    await ask();
    return made;
  }

  const trackingOf = (orderId: bigint) => `T${orderId}`;
  const orderOf = (answer: { order?: Order }) => answer.order ?? create(OrderSchema);
  return {
    userId,
    place({ lines, couponId = 0n, balanceCents = 0n }) {
      const requestId = newKey();
      const request = placeRequest({ userId, lines }, { requestId, couponId, balanceCents });
      const { orderAmountCents } = request;
      const wish = { requestId, lines: request.lines, orderAmountCents, couponId, balanceCents };
      return errand({ kind: "place", ...wish }, async () => {
        return orderOf(await own.order.placeOrder(request, patiently())).orderId;
      });
    },
    openPayment(orderId) {
      const request = { orderId, provider: PROVIDER, returnUrl: RETURN_URL };
      return errand({ kind: "open-payment", orderId }, async () => {
        const { payment } = await own.pay.createPayment(request, patiently());
        return (payment as Payment).paymentId;
      });
    },
    pay: ({ orderId, paymentId }) =>
      errand({ kind: "pay", orderId, paymentId }, async () => {
        await checkout.pay(paymentId);
        return paymentId;
      }),
    cancel: (orderId) =>
      errand({ kind: "cancel", orderId }, async () => {
        return orderOf(await own.order.cancelOrder({ orderId }, patiently())).orderId;
      }),
    refund(orderId, lines = []) {
      const requestId = newKey();
      const request = { orderId, requestId, lines, note: "" };
      return errand({ kind: "refund", orderId, requestId, lines }, async () => {
        return orderOf(await admin.order.refundOrder(request, patiently())).orderId;
      });
    },
    ship(orderId) {
      const request = { orderId, trackingNumber: trackingOf(orderId) };
      return errand({ kind: "ship", ...request }, async () => {
        return orderOf(await admin.order.shipOrder(request, patiently())).orderId;
      });
    },
    receive: (orderId) =>
      errand({ kind: "receive", orderId }, async () => {
        return orderOf(await own.order.confirmReceipt({ orderId }, patiently())).orderId;
      }),
    async reuseKey({ wish }) {
      const address = { ...ADDRESS, consignee: "Somebody Else" };
      const other = { ...placeRequestOf({ userId, wish }), address };
      const answer = await answerTo(
        async () => orderOf(await own.order.placeOrder(other, patiently())).orderId,
      );
      if (
        answer.kind === "ok" ||
        (answer.kind === "refused" && answer.reason !== "REQUEST_ID_REUSED")
      ) {
        const said = answer.kind === "ok" ? "OK" : answer.reason;
        memory.contradictions.push(`${wish.requestId} with other contents was answered ${said}`);
      }
    },
    async look(orderId) {
      const { order } = await own.order.getOrder({ orderId }, patiently()).catch(nobody);
      return order;
    },
    async getCoupon() {
      const discount = { kind: { case: "amountOffCents" as const, value: COUPON_CENTS } };
      const request = { requestId: newKey(), userId, discount };
      const { coupon } = await admin.coupon.issueCoupon(request, patiently()).catch(nobody);
      return coupon?.couponId;
    },
  };
}

/** The request of an errand again, field for field. */
export function placeRequestOf({ userId, wish }: Pick<Errand<WishOf<"place">>, "userId" | "wish">) {
  const { requestId, lines, couponId, balanceCents } = wish;
  const wares = lines.map((line): [PricedWare, bigint] => [line, line.quantity]);
  return placeRequest({ userId, lines: wares }, { requestId, couponId, balanceCents });
}

type PricedWare = Pick<Ware, "goodsId" | "unitPriceCents">;

/** Only for questions: who did not get an answer knows no more than before. */
function nobody(): { order?: undefined; coupon?: undefined } {
  return {};
}
