import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import { type HttpAnswer, pathOf, readBody } from "#platform/http/answer.ts";
import type { Clock } from "./clock.ts";
import type { Message, Reply } from "./courier.ts";
import type { Fake, Faults } from "./faults.ts";
import type { Keys } from "./keys.ts";
import { MAX_BODY_BYTES } from "./limits.ts";
import type { Notice } from "./notices.ts";
import type { NotifyRule } from "./notify-rule.ts";
import type { Refund, RefundState } from "./refunds.ts";
import type { Sql, Store } from "./store.ts";
import type { FaceName, Trade } from "./trades.ts";

/** A request whose body was read. */
export type Call = {
  method: string;
  path: string;
  query: URLSearchParams;
  /** Path and query, as the client sent them. */
  target: string;
  headers: IncomingHttpHeaders;
  body: Buffer;
};

/** What the faces share. */
export type Parts = {
  store: Store;
  clock: Clock;
  keys: Keys;
  notify: NotifyRule;
  /** The origin of this face's addresses. Known once the server listens. */
  origin(): string;
};

/** How a shopper pays: the face's test cards and methods. */
export type Payment = { method: string; coupon: bigint };

/** One provider. Everything that takes an `sql` runs in the caller's transaction. */
export type Face = {
  name: FaceName;
  faults: { current: Faults };
  /** The faults that are always on. */
  usual: Partial<Faults>;
  fakes: readonly Fake[];
  /** How a shopper can pay, if there is a choice. */
  methods: readonly string[];
  /** The pause after each attempt to deliver a notice. After the last, the provider gives up. */
  pausesMs: readonly number[];
  /** Time for a merchant to answer a callback. */
  answerMs: number;
  /** Answers a call of the API. */
  api(call: Call): Promise<HttpAnswer>;
  /** Answers a call of a browser; undefined if the path is not a page. */
  page(call: Call): Promise<HttpAnswer> | undefined;
  /** The answers of a provider that is overloaded or broken. */
  failure(kind: "rate_limit" | "error", call: Call): HttpAnswer;
  /** Makes the callback of a notice, genuine or as the fake. `as`: the payment that it names. */
  message(notice: Notice, kind: Fake | "genuine", as?: string): Message;
  /** Messages that are sent before this one: of other shops, or probes. */
  extras?(notice: Notice): Message[];
  accepts(reply: Reply): boolean;
  /** Expires trades and settles refunds. Returns whether it changed anything. */
  catchUp(sql: Sql, nowMs: number): boolean;
  /** The shopper begins: scans the code, or logs in. */
  begin(sql: Sql, trade: Trade): Trade;
  /** The shopper pays, unless the trade cannot be paid. Returns the trade as it is then. */
  pay(sql: Sql, trade: Trade, payment: Payment): Trade;
  /** Gives a pending refund its outcome, or a succeeded one a failure. */
  settle(sql: Sql, refund: Refund, state: RefundState): void;
  /** A refund that the merchant makes in the provider's console, not by the API. */
  consoleRefund(sql: Sql, trade: Trade, amount: bigint): Refund | undefined;
  /** Further commands of the control interface. Undefined: there is no such command. */
  command(name: string, body: Record<string, unknown>): Promise<object> | undefined;
  /** What a shop is configured with. */
  account(): object;
};

export async function readCall(request: IncomingMessage, response: ServerResponse): Promise<Call> {
  const target = request.url ?? "/";
  return {
    method: request.method ?? "GET",
    path: pathOf(request),
    query: new URLSearchParams(target.split("?")[1] ?? ""),
    target,
    headers: request.headers,
    body: await readBody(request, response, MAX_BODY_BYTES),
  };
}

/** A header with one value; "" where it is absent. */
export function headerOf(call: Pick<Call, "headers">, name: string): string {
  const value = call.headers[name];
  return typeof value === "string" ? value : "";
}
