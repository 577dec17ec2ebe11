import type { RawCallback } from "../../../services/pay/domain/notice.ts";
import type {
  CheckoutAction,
  PaymentProvider,
  StoredPayment,
} from "../../../services/pay/providers/provider.ts";

/** What a simulator is made to do wrong. A number counts the requests that it concerns. */
export type Faults = {
  /** The answer is lost after the effect. */
  loseAnswers?: number;
  /** The provider answers nothing. */
  down?: boolean;
  /** Refused for its rate, or an internal error before the effect. Not of the sandbox. */
  rateLimit?: number;
  error?: number;
  /** The shopper pays just before the shop closes the payment. Not of the sandbox. */
  payDuringClose?: number;
  /** Events of other shops on the account before each event. Of Stripe only. */
  strangers?: number;
  /** What becomes of new refunds. Not of the sandbox. */
  refund?: "not_enough";
};

/** A provider with its running simulator. */
export type Contestant = {
  provider: PaymentProvider;
  /** The currency of its payments. */
  currency: string;
  /** The headers that a callback is not genuine without, or with another value. */
  signedBy: readonly string[];
  /**
   * The shopper follows the action and pays, without a browser. Some simulators have methods of
   * payment, which their README describes.
   */
  pay(payment: StoredPayment, action: CheckoutAction, method?: string): Promise<void>;
  /** The shopper follows the action, and scans or logs in, without paying. */
  visit(payment: StoredPayment, action: CheckoutAction): Promise<void>;
  /** Sets these faults and clears all others. */
  faults(faults?: Faults): Promise<void>;
  /** Moves the simulator's clock; where it has none, time does not matter. */
  advance(ms: number): Promise<void>;
  /** What the simulator has refunded of a payment, in the minor units of the shop. */
  refundedCents(payment: StoredPayment): Promise<bigint>;
  /** A command of this simulator's control interface. */
  command(name: string, body: object): Promise<void>;
  /** Resolves with the first callback that fits, which may have come already. */
  nextCallback(fits: (callback: RawCallback) => boolean): Promise<RawCallback>;
  stop(): Promise<void>;
};
