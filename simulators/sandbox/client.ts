// The control interface of the sandbox platform, for tests, the demonstration, the replay and the audit.

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

export type SandboxRefund = {
  refundId: string;
  paymentId: string;
  amountCents: bigint;
  state: "succeeded" | "failed";
  cause: string | undefined;
  refundTime: Date;
};

/** A callback, and what the shop answered to its latest attempt, such as "200 success" or "ECONNREFUSED". */
export type SandboxNotice = {
  noticeId: string;
  paymentId: string;
  state: "waiting" | "answered" | "given_up";
  attempts: number;
  lastAnswer: string | undefined;
};

export type SandboxState = {
  payments: SandboxPayment[];
  refunds: SandboxRefund[];
  notices: SandboxNotice[];
  fakes: { paymentId: string; kind: Fake; answer: string }[];
};

/** The platform does not know the payment, or does not do this with it. */
export class SandboxRefusal extends Error {}

export type SandboxControl = {
  url: string;
  /** Pays without a browser; the callback starts. SandboxRefusal where it is unknown or closed. */
  pay(payment: Key): Promise<SandboxPayment>;
  /** These faults from now on, and no others. */
  faults(faults?: Partial<Faults>): Promise<void>;
  /** Sends callbacks now, past schedule and faults, all at the same moment; what the shop answered to each. */
  send(
    payment: Key,
    options?: { kind?: Fake | "genuine"; times?: number; as?: Key },
  ): Promise<string[]>;
  /** All that the platform knows, as of one moment. */
  state(): Promise<SandboxState>;
};

const TIMEOUT_MS = 30_000;
/** For what may be long. */
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
    state: async () => {
      const state = await call(`${url}/control/state`, STATE_TIMEOUT_MS);
      return {
        payments: state.payments.map(paymentOf),
        refunds: state.refunds.map(refundOf),
        notices: state.notices.map(noticeOf),
        fakes: state.fakes.map(({ merchant_trade_id, kind, answer }: Answer) => {
          return { paymentId: merchant_trade_id, kind, answer };
        }),
      };
    },
  };
}

// biome-ignore lint/suspicious/noExplicitAny: what the platform answers is read right below.
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
