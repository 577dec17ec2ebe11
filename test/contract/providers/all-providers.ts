import assert from "node:assert/strict";
import type { Order } from "#proto/shop/order/v1/order_pb.ts";
import type { Payment } from "#proto/shop/pay/v1/pay_pb.ts";
import { newShopper, type Shopper } from "../../../testbed/orders/shoppers.ts";
import { type Shop, startShop } from "../../../testbed/shop/shop.ts";

/** The providers of the shop. All of them take yuan. */
export const NAMES = ["sandbox", "alipay", "wechatpay", "stripe"] as const;
export type Name = (typeof NAMES)[number];
type Face = Exclude<Name, "sandbox">;

/** Longer than any test. */
const SILENT_MS = 3_600_000;

const RETURN_URL = "http://localhost:3000/thanks";

/** An order that waits for its payment, and the payment. */
type Unpaid = { shopper: Shopper; order: Order };
export type Opened = Unpaid & { payment: Payment; name: Name };

/** `silent`: callbacks of new payments come only by `send`. */
type Faults = { loseAnswers?: number; silent?: boolean; payDuringClose?: number };

/** The shopper and the account at one provider, by its simulator's control interface. */
export type Account = {
  /** The shopper goes to the provider's page, and scans or logs in, without paying. */
  visit(payment: Payment): Promise<void>;
  /** The shopper pays, without a browser. */
  pay(payment: Payment): Promise<void>;
  /** Sends the callback of a paid payment now. Resolves to the shop's answers. */
  send(payment: Payment, options?: { kind?: string; times?: number }): Promise<string[]>;
  /** Sets these faults and clears all others. The sandbox lacks `payDuringClose`. */
  faults(faults?: Faults): Promise<void>;
  refundedCents(payment: Payment): Promise<bigint>;
  /** The numbers of its refunds. */
  refunds(payment: Payment): Promise<string[]>;
  /** Whether the provider was paid, by its own ledger. */
  isPaid(payment: Payment): Promise<boolean>;
};

export type AllProviders = {
  shop: Shop;
  account(name: Name): Account;
  unpaid(): Promise<Unpaid>;
  createPayment(unpaid: Unpaid, name: Name): Promise<Payment>;
  open(name: Name): Promise<Opened>;
};

/** Starts a shop in yuan with every provider and its simulator. It queries no open payment. */
export async function startAllProviders(): Promise<AllProviders> {
  const pay = { SHOP_PAYMENT_QUERY_MS: "600000", SHOP_REFUND_RETRY_MS: "100" };
  const edges = { simulators: true, sandbox: true, gateway: true };
  const env = { SHOP_CURRENCY: "CNY" };
  const shop = await startShop({ ...edges, env, envOf: { pay } });
  const at = {
    shop,
    account: (name: Name) =>
      name === "sandbox" ? sandboxAccount(shop) : simulatedAccount(shop, name),
    async unpaid() {
      const shopper = await newShopper(shop);
      const { order } = await shopper.as.order.placeOrder(shopper.request());
      assert.ok(order);
      return { shopper, order };
    },
    async createPayment({ shopper, order: { orderId } }: Unpaid, name: Name) {
      const request = { orderId, provider: name, returnUrl: RETURN_URL };
      const { payment } = await shopper.as.pay.createPayment(request);
      assert.ok(payment);
      return payment;
    },
    async open(name: Name) {
      const unpaid = await at.unpaid();
      return { ...unpaid, name, payment: await at.createPayment(unpaid, name) };
    },
  };
  return at;
}

function sandboxAccount({ sandbox }: Shop): Account {
  const paymentOf = async ({ paymentId }: Payment) =>
    (await sandbox.state()).payments.find((one) => one.paymentId === String(paymentId));
  return {
    visit: async () => {},
    pay: async ({ paymentId }) => void (await sandbox.pay(paymentId)),
    send: ({ paymentId }, options = {}) => sandbox.send(paymentId, options as object),
    faults: ({ loseAnswers = 0, silent = false } = {}) =>
      sandbox.faults({ lose_answers: loseAnswers, delay_ms: silent ? SILENT_MS : 0 }),
    refundedCents: async (payment) => (await paymentOf(payment))?.refundedCents ?? 0n,
    async refunds({ paymentId }) {
      const { refunds } = await sandbox.state();
      return refunds
        .filter((one) => one.paymentId === String(paymentId) && one.state === "succeeded")
        .map(({ refundId }) => refundId);
    },
    isPaid: async (payment) => (await paymentOf(payment))?.state === "paid",
  };
}

function simulatedAccount(shop: Shop, face: Face): Account {
  const control = shop.simulators[face];
  const tradeOf = async (payment: Payment) => {
    const number = await numberOf(shop, payment);
    const { trades } = await shop.simulators.state();
    return trades.find((one) => one.face === face && one.number === number);
  };
  const refundsOf = async (payment: Payment) => {
    const number = await numberOf(shop, payment);
    const { refunds } = await shop.simulators.state();
    return refunds.filter((one) => one.face === face && one.trade === number);
  };
  const visit = async (payment: Payment) => {
    await follow(payment);
    await control.begin(await numberOf(shop, payment));
  };
  return {
    visit,
    async pay(payment) {
      await visit(payment);
      await control.pay(await numberOf(shop, payment));
    },
    send: async (payment, options = {}) =>
      control.send(await numberOf(shop, payment), options as object),
    faults: ({ loseAnswers = 0, silent = false, payDuringClose = 0 } = {}) =>
      control.faults({
        lose_answers: loseAnswers,
        delay_ms: silent ? SILENT_MS : 0,
        pay_during_close: payDuringClose,
      }),
    async refundedCents(payment) {
      const done = (await refundsOf(payment)).filter(({ state }) => state === "succeeded");
      return done.reduce((sum, { amount }) => sum + amount, 0n);
    },
    refunds: async (payment) => (await refundsOf(payment)).map(({ number }) => number),
    isPaid: async (payment) => (await tradeOf(payment))?.state === "paid",
  };
}

/** The number by which the simulator knows the payment: the session's at Stripe, else ours. */
async function numberOf(shop: Shop, { paymentId }: Payment): Promise<string> {
  const [row] = await shop.sql<{ refs: string | null }>(
    "pay",
    "select provider_references as refs from payments where payment_id = ?",
    [paymentId],
  );
  const references = JSON.parse(row?.refs ?? "{}") as { session?: string };
  return references.session ?? String(paymentId);
}

/** The shopper's browser follows a link or posts a form; a code is scanned by a phone. */
async function follow({ action }: Payment): Promise<void> {
  if (action.case === "redirect") await fetch(action.value.url, { redirect: "manual" });
  if (action.case !== "form") return;
  const body = new URLSearchParams(action.value.fields);
  await fetch(action.value.url, { method: "POST", body, redirect: "manual" });
}
