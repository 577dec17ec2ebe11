// The typed client of the control interface.

import type { Fake } from "./fakes.ts";
import type { Faults } from "./faults.ts";
import type { PaymentState } from "./ledger.ts";

type Key = bigint | string;

export type SandboxPayment = {
  paymentId: string;
  tradeId: string;
  state: PaymentState;
  amountCents: bigint;
  currency: string;
  payTime: Date | undefined;
  refundedCents: bigint;
};

type SandboxRefund = {
  refundId: string;
  paymentId: string;
  amountCents: bigint;
  state: "succeeded" | "failed";
  cause: string | undefined;
  refundTime: Date;
};

/** A notice. `lastAnswer` is the answer to its latest callback: "200 success", "ECONNREFUSED"... */
type SandboxNotice = {
  noticeId: string;
  paymentId: string;
  state: "waiting" | "answered" | "given_up";
  attempts: number;
  lastAnswer: string | undefined;
};

export type SandboxState = {
  payments: SandboxPayment[];
  /** Those that are decided. */
  refunds: SandboxRefund[];
  /** The numbers of the others. */
  pendingRefunds: string[];
  notices: SandboxNotice[];
  fakes: { paymentId: string; kind: Fake; answer: string }[];
};

/** The sandbox does not know the payment, or refuses the command for it. */
export class SandboxRefusal extends Error {}

export type SandboxControl = {
  url: string;
  /**
   * Pays without a browser, and starts the callback. Throws SandboxRefusal if the payment is
   * unknown or closed.
   */
  pay(payment: Key): Promise<SandboxPayment>;
  /** Sets these faults, and clears all others. */
  faults(faults?: Partial<Faults>): Promise<void>;
  /**
   * Sends callbacks now, regardless of schedule and faults, all at the same moment. Returns the
   * shop's answer to each.
   */
  send(
    payment: Key,
    options?: { kind?: Fake | "genuine"; times?: number; as?: Key },
  ): Promise<string[]>;
  /**
   * Decides a pending refund, or takes the success of one back with "failed". Returns the shop's
   * answer to the notice of it, which a repeated call sends again. Throws SandboxRefusal if no such
   * refund can become so.
   */
  decideRefund(refundNumber: Key, state: "succeeded" | "failed"): Promise<string>;
  /** Refunds without a request of the shop. Returns its answer to the notice, and the number. */
  refundAtConsole(payment: Key, amountCents: bigint): Promise<{ answer: string; refundId: string }>;
  /** Sends a notice about a dispute. Returns the shop's answer. */
  dispute(
    payment: Key,
    dispute: { disputeId: string; state: string; amountCents: bigint; feeCents?: bigint },
  ): Promise<string>;
  /** All payments, refunds, notices and fakes, as of one moment. */
  state(): Promise<SandboxState>;
};

const TIMEOUT_MS = 30_000;
/** For dumps of any size. */
const STATE_TIMEOUT_MS = 300_000;

export function sandboxControl(url: string): SandboxControl {
  const post = (path: string, body: object) =>
    call(`${url}${path}`, TIMEOUT_MS, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
  return {
    url,
    pay: async (payment) => paymentOf(await post(`/control/pay/${payment}`, {})),
    faults: async (faults = {}) => {
      await post("/control/faults", faults);
    },
    send: async (payment, { kind, times, as } = {}) => {
      const command = { kind, times, as: as === undefined ? undefined : String(as) };
      return (await post(`/control/send/${payment}`, command)).answers;
    },
    decideRefund: async (refundNumber, state) =>
      (await post(`/control/refunds/${refundNumber}`, { state })).answer,
    refundAtConsole: async (payment, amountCents) => {
      const body = { amount_cents: String(amountCents) };
      const { answer, refund_id } = await post(`/control/console-refunds/${payment}`, body);
      return { answer, refundId: refund_id };
    },
    dispute: async (payment, { disputeId, state, amountCents, feeCents = 0n }) => {
      const amounts = { amount_cents: String(amountCents), fee_cents: String(feeCents) };
      const body = { dispute_id: disputeId, state, ...amounts };
      return (await post(`/control/disputes/${payment}`, body)).answer;
    },
    state: async () => {
      const state = await call(`${url}/control/state`, STATE_TIMEOUT_MS);
      return {
        payments: state.payments.map(paymentOf),
        refunds: state.refunds.map(refundOf),
        pendingRefunds: state.pending_refunds.map((one: Answer) => one.merchant_refund_id),
        notices: state.notices.map(noticeOf),
        fakes: state.fakes.map(({ merchant_trade_id, kind, answer }: Answer) => {
          return { paymentId: merchant_trade_id, kind, answer };
        }),
      };
    },
  };
}

// biome-ignore lint/suspicious/noExplicitAny: the functions below read the answer.
type Answer = any;

async function call(url: string, timeoutMs: number, init: RequestInit = {}): Promise<Answer> {
  const response = await fetch(url, { ...init, signal: AbortSignal.timeout(timeoutMs) });
  if (response.ok) return response.json();
  throw new SandboxRefusal(`${url}: ${response.status} ${(await response.text()).trim()}`);
}

function paymentOf(one: Answer): SandboxPayment {
  return {
    paymentId: one.merchant_trade_id,
    tradeId: one.trade_id,
    state: one.state,
    amountCents: BigInt(one.amount_cents),
    currency: one.currency,
    payTime: one.pay_time === undefined ? undefined : new Date(one.pay_time),
    refundedCents: BigInt(one.refunded_cents),
  };
}

function refundOf(one: Answer): SandboxRefund {
  return {
    refundId: one.merchant_refund_id,
    paymentId: one.merchant_trade_id,
    amountCents: BigInt(one.amount_cents),
    state: one.state,
    cause: one.cause,
    refundTime: new Date(one.refund_time),
  };
}

function noticeOf(one: Answer): SandboxNotice {
  return {
    noticeId: one.notice_id,
    paymentId: one.merchant_trade_id,
    state: one.state,
    attempts: one.attempts,
    lastAnswer: one.last_answer,
  };
}
