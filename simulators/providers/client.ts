// The typed client of the control interface.

import type { Fake, Faults } from "../base/faults.ts";
import type { RefundState } from "../base/refunds.ts";
import type { FaceName, TradeState } from "../base/trades.ts";

type SimulatedTrade = {
  face: FaceName;
  number: string;
  /** The merchant's own number of the payment: that, or at Stripe its `client_reference_id`. */
  reference: string;
  providerId?: string;
  state: TradeState;
  amount: bigint;
  currency: string;
  coupon: bigint;
  refunded: bigint;
  payMs?: number;
};

type SimulatedRefund = {
  face: FaceName;
  number: string;
  trade: string;
  providerId: string;
  amount: bigint;
  state: RefundState;
  origin: "api" | "console";
};

type SimulatedMovement = {
  face: FaceName;
  type: string;
  trade: string;
  source: string;
  amount: bigint;
  fee: bigint;
  currency: string;
  atMs: number;
};

/** `lastAnswer` is the answer to its latest callback: "200 success", "ECONNREFUSED"... */
type SimulatedNotice = {
  face: FaceName;
  id: string;
  trade: string;
  refund: string;
  type: string;
  state: "waiting" | "answered" | "given_up" | "unsent";
  attempts: number;
  lastAnswer?: string;
};

type SimulatorsState = {
  trades: SimulatedTrade[];
  refunds: SimulatedRefund[];
  movements: SimulatedMovement[];
  notices: SimulatedNotice[];
};

export type Accounts = {
  alipay: {
    url: string;
    appId: string;
    sellerId: string;
    /** PEM texts, and the files that hold them. */
    merchantPrivateKey: string;
    alipayPublicKeys: string[];
    files: Record<string, string>;
  };
  wechatpay: {
    url: string;
    mchid: string;
    appid: string;
    merchantSerial: string;
    merchantPrivateKey: string;
    apiV3Key: string;
    /** Keys of the provider, as PEM texts by serial: the public key and the certificate. */
    platformKeys: Record<string, string>;
    publicKeyId: string;
    certificateSerial: string;
    files: Record<string, string>;
  };
  stripe: {
    url: string;
    id: string;
    secretKey: string;
    webhookSecrets: string[];
    webhookUrl: string;
    files: Record<string, string>;
  };
};

/** The simulator does not know the payment, or refuses the command for it. */
export class SimulatorRefusal extends Error {}

type FaceControl = {
  /** Sets these faults, and clears all others. */
  faults(faults?: Partial<Faults>): Promise<void>;
  /** The shopper scans the code or logs in, without a browser. */
  begin(number: string): Promise<SimulatedTrade>;
  /** The shopper pays, without a browser. `method`: see the face's README section. */
  pay(number: string, payment?: { method?: string; coupon?: number }): Promise<SimulatedTrade>;
  /** A refund from the provider's console. */
  refund(number: string, amount: bigint): Promise<SimulatedRefund>;
  /** Gives a refund its outcome. */
  settle(refund: string, state: RefundState): Promise<SimulatedRefund>;
  /**
   * Sends callbacks now, regardless of schedule and faults, all at the same moment. Returns the
   * shop's answer to each.
   */
  send(
    number: string,
    options?: { kind?: Fake | "genuine"; times?: number; as?: string; type?: string },
  ): Promise<string[]>;
  /** A command of one face only, such as Stripe's "dispute". */
  command(name: string, body?: object): Promise<Record<string, unknown>>;
};

export type SimulatorsControl = Record<FaceName, FaceControl> & {
  url: string;
  accounts(): Promise<Accounts>;
  now(): Promise<Date>;
  /** Moves the clock forwards, and starts what is due by then. */
  advance(ms: number): Promise<Date>;
  /** The whole ledger, as of one moment. */
  state(): Promise<SimulatorsState>;
};

const TIMEOUT_MS = 30_000;
/** For dumps of any size. */
const STATE_TIMEOUT_MS = 300_000;

export function simulatorsControl(url: string): SimulatorsControl {
  const post = (path: string, body: object) =>
    call(`${url}/control/${path}`, TIMEOUT_MS, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
  const face = (name: FaceName): FaceControl => ({
    faults: async (faults = {}) => void (await post(`${name}/faults`, faults)),
    begin: async (number) => tradeOf(await post(`${name}/begin`, { number })),
    pay: async (number, payment = {}) => tradeOf(await post(`${name}/pay`, { number, ...payment })),
    refund: async (number, amount) =>
      refundOf(await post(`${name}/refund`, { number, amount: String(amount) })),
    settle: async (number, state) => refundOf(await post(`${name}/settle`, { number, state })),
    send: async (number, options = {}) =>
      (await post(`${name}/send`, { number, ...options })).answers,
    command: (command, body = {}) => post(`${name}/${command}`, body),
  });
  return {
    url,
    alipay: face("alipay"),
    wechatpay: face("wechatpay"),
    stripe: face("stripe"),
    accounts: () => call(`${url}/control/accounts`, TIMEOUT_MS),
    now: async () => new Date((await call(`${url}/control/clock`, TIMEOUT_MS)).now),
    advance: async (ms) => new Date((await post("clock", { advance_ms: ms })).now),
    state: async () => {
      const state = await call(`${url}/control/state`, STATE_TIMEOUT_MS);
      return {
        trades: state.trades.map(tradeOf),
        refunds: state.refunds.map(refundOf),
        movements: state.movements.map((one: Answer) => {
          return { ...one, amount: BigInt(one.amount), fee: BigInt(one.fee) };
        }),
        notices: state.notices,
      };
    },
  };
}

// biome-ignore lint/suspicious/noExplicitAny: the functions below read the answer.
type Answer = any;

async function call(url: string, timeoutMs: number, init: RequestInit = {}): Promise<Answer> {
  const response = await fetch(url, { ...init, signal: AbortSignal.timeout(timeoutMs) });
  if (response.ok) return response.json();
  throw new SimulatorRefusal(`${url}: ${response.status} ${(await response.text()).trim()}`);
}

function tradeOf(one: Answer): SimulatedTrade {
  const { amount, coupon, refunded, ...rest } = one;
  return { ...rest, amount: BigInt(amount), coupon: BigInt(coupon), refunded: BigInt(refunded) };
}

function refundOf({ amount, ...rest }: Answer): SimulatedRefund {
  return { ...rest, amount: BigInt(amount) };
}
