import { create } from "@bufbuild/protobuf";
import { type Order, OrderSchema } from "#proto/shop/order/v1/order_pb.ts";
import type { Payment } from "#proto/shop/pay/v1/pay_pb.ts";
import type { Caller } from "../../../testbed/calls/callers.ts";
import { ADDRESS, newKey, placeRequest } from "../../../testbed/orders/fixtures.ts";
import { type Answer, answerTo, type Operation, type Request } from "./history.ts";
import type { Item, Market } from "./market.ts";
import { begin, type ProviderName, payWith } from "./wallet.ts";

type OperationOf<K extends Request["kind"]> = Operation<Extract<Request, { kind: K }>>;

/**
 * A client that records what it does: each method that returns an operation asks once and keeps
 * the answer in the market's history.
 */
export type Shopper = {
  userId: bigint;
  place(order: {
    lines: [Item, quantity: bigint][];
    couponId?: bigint;
    balanceCents?: bigint;
  }): Promise<OperationOf<"place">>;
  /** Places another order under the same request_id, which must be refused. */
  reuseKey(placed: OperationOf<"place">): Promise<void>;
  /**
   * Calls CreatePayment; the id of an OK answer is the payment's. Default: at the sandbox.
   */
  openPayment(orderId: bigint, provider?: ProviderName): Promise<OperationOf<"open-payment">>;
  /** Pays at the provider, as in a browser. */
  pay(payment: { orderId: bigint; paymentId: bigint }): Promise<OperationOf<"pay">>;
  cancel(orderId: bigint): Promise<OperationOf<"cancel">>;
  /** Refunds lines or goodwill as an administrator; without both, all that is left. */
  refund(
    orderId: bigint,
    wanted?: { lines?: { goodsId: bigint; quantity: bigint }[]; goodwillCents?: bigint },
  ): Promise<OperationOf<"refund">>;
  /** Ships the order as an administrator. */
  ship(orderId: bigint): Promise<OperationOf<"ship">>;
  receive(orderId: bigint): Promise<OperationOf<"receive">>;
  /** Reads the order; undefined without an answer. */
  look(orderId: bigint): Promise<Order | undefined>;
  /** Gets a coupon of 2.00 off; undefined without an answer. */
  getCoupon(): Promise<bigint | undefined>;
};

/** How long a shopper waits: enough for any answer, and short enough to meet many outages. */
const PATIENCE_MS = 6_000;
const RETURN_URL = "http://127.0.0.1:8080/back";
const COUPON_CENTS = 200n;

const patiently = () => ({ deadlineMs: Date.now() + PATIENCE_MS });
const orderOf = (answer: { order?: Order }) => answer.order ?? create(OrderSchema);

type Client = {
  market: Market;
  userId: bigint;
  own: Caller;
  admin: Caller;
  /** Records an operation and asks for the first time. */
  operate<R extends Request>(request: R, call: () => Promise<bigint>): Promise<Operation<R>>;
};

export function shopper(market: Market, userId: bigint): Shopper {
  const { shop } = market.system;
  const operate: Client["operate"] = async (request, call) => {
    const operation = { userId, request, attempts: [] as Operation["attempts"], ask };
    async function ask(): Promise<Answer> {
      const askedMs = Date.now();
      const answer = await answerTo(call);
      operation.attempts.push({ askedMs, answeredMs: Date.now(), answer });
      return answer;
    }
    // Recorded before the first call, so that a call that never returns is in the history.
    market.history.operations.push(operation);
    await ask();
    return operation;
  };
  const client: Client = { market, userId, own: shop.user(userId), admin: shop.admin, operate };
  return { userId, ...ordering(client), ...paying(client), ...changing(client), ...asking(client) };
}

function ordering({ market, userId, own, operate }: Client): Pick<Shopper, "place" | "reuseKey"> {
  return {
    place({ lines, couponId = 0n, balanceCents = 0n }) {
      const requestId = newKey();
      const message = placeRequest({ userId, lines }, { requestId, couponId, balanceCents });
      const { orderAmountCents } = message;
      const request = { requestId, lines: message.lines, orderAmountCents, couponId, balanceCents };
      return operate({ kind: "place", ...request }, async () => {
        return orderOf(await own.order.placeOrder(message, patiently())).orderId;
      });
    },
    async reuseKey({ request }) {
      const address = { ...ADDRESS, consignee: "Grace Hopper" };
      const other = { ...placeRequestOf({ userId, request }), address };
      const answer = await answerTo(
        async () => orderOf(await own.order.placeOrder(other, patiently())).orderId,
      );
      const isRefused = answer.kind === "refused" && answer.reason === "REQUEST_ID_REUSED";
      if (isRefused || answer.kind === "unknown") return;
      const outcome = answer.kind === "ok" ? "OK" : answer.reason;
      market.history.contradictions.push(
        `${request.requestId} with other contents was answered ${outcome}`,
      );
    },
  };
}

function paying({ market, own, operate }: Client): Pick<Shopper, "openPayment" | "pay"> {
  return {
    openPayment(orderId, provider = "sandbox") {
      const message = { orderId, provider, returnUrl: RETURN_URL };
      return operate({ kind: "open-payment", orderId, provider }, async () => {
        const { payment } = await own.pay.createPayment(message, patiently());
        const { paymentId, action } = payment as Payment;
        const opened = { paymentId, provider, action };
        market.opened.set(paymentId, opened);
        // A provider that does not answer is met again with the payment.
        await begin(market.system, opened).catch(() => {});
        return paymentId;
      });
    },
    pay: ({ orderId, paymentId }) =>
      operate({ kind: "pay", orderId, paymentId }, async () => {
        const opened = market.opened.get(paymentId);
        // A script pays at the sandbox before the shopper has an answer.
        if (opened) await payWith(market.system, opened);
        else await market.system.checkout.pay(paymentId);
        return paymentId;
      }),
  };
}

function changing({
  own,
  admin,
  operate,
}: Client): Pick<Shopper, "cancel" | "refund" | "ship" | "receive"> {
  return {
    cancel: (orderId) =>
      operate({ kind: "cancel", orderId }, async () => {
        return orderOf(await own.order.cancelOrder({ orderId }, patiently())).orderId;
      }),
    refund(orderId, { lines = [], goodwillCents = 0n } = {}) {
      const request = { orderId, requestId: newKey(), lines, goodwillCents };
      return operate({ kind: "refund", ...request }, async () => {
        const message = { ...request, note: "" };
        return orderOf(await admin.order.refundOrder(message, patiently())).orderId;
      });
    },
    ship(orderId) {
      const request = { orderId, trackingNumber: `T${orderId}` };
      return operate({ kind: "ship", ...request }, async () => {
        return orderOf(await admin.order.shipOrder(request, patiently())).orderId;
      });
    },
    receive: (orderId) =>
      operate({ kind: "receive", orderId }, async () => {
        return orderOf(await own.order.confirmReceipt({ orderId }, patiently())).orderId;
      }),
  };
}

function asking({ userId, own, admin }: Client): Pick<Shopper, "look" | "getCoupon"> {
  return {
    async look(orderId) {
      const { order } = await own.order.getOrder({ orderId }, patiently()).catch(noAnswer);
      return order;
    },
    async getCoupon() {
      const discount = { kind: { case: "amountOffCents" as const, value: COUPON_CENTS } };
      const request = { requestId: newKey(), userId, discount };
      const { coupon } = await admin.coupon.issueCoupon(request, patiently()).catch(noAnswer);
      return coupon?.couponId;
    },
  };
}

/** Builds the message of a place operation again, field for field. */
export function placeRequestOf({
  userId,
  request,
}: Pick<OperationOf<"place">, "userId" | "request">) {
  const { requestId, lines, couponId, balanceCents } = request;
  const priced = lines.map((line): [typeof line, bigint] => [line, line.quantity]);
  return placeRequest({ userId, lines: priced }, { requestId, couponId, balanceCents });
}

/** Only for reads: without an answer the client knows no more than before. */
function noAnswer(): { order?: undefined; coupon?: undefined } {
  return {};
}
