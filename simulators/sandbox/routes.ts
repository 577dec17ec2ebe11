import type { IncomingMessage, ServerResponse } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { type HttpAnswer, HttpProblem, pathOf, readBody } from "#platform/http/answer.ts";
import type { HttpHandler } from "#platform/http/server.ts";
import { mayControl } from "../base/may-control.ts";
import {
  checkSignature,
  close,
  json,
  open,
  parseBody,
  query,
  queryRefund,
  refundPayment,
} from "./api.ts";
import { leaveCheckout, payAtCheckout, showCheckout } from "./checkout.ts";
import { dumpState, payNow, sendNow, setFaults } from "./control.ts";
import { decideRefund, dispute, refundAtConsole } from "./control-refunds.ts";
import { IdReused } from "./ledger.ts";
import { MAX_BODY_BYTES } from "./limits.ts";
import type { Sandbox } from "./sandbox.ts";
import { statement } from "./statement.ts";

type Exchange = { request: IncomingMessage; response: ServerResponse; id: string };
type Route = {
  method: "GET" | "POST";
  path: RegExp;
  answer(sandbox: Sandbox, exchange: Exchange): HttpAnswer | Promise<HttpAnswer>;
};

/** `ID` in the path matches the id of a payment or a refund, which the route gets as `id`. */
function route(method: Route["method"], path: string, answer: Route["answer"]): Route {
  return { method, path: new RegExp(`^${path.replace("ID", "([A-Za-z0-9_-]{1,64})")}$`), answer };
}

const API: Route[] = [
  route("POST", "/v1/payments", async (sandbox, exchange) => {
    return open(sandbox, await signedBody(sandbox, exchange));
  }),
  route("GET", "/v1/payments/ID", (sandbox, { request, id }) => {
    checkSignature(request, request.url ?? "", sandbox.config.secret);
    return query(sandbox, id);
  }),
  route("POST", "/v1/payments/ID/close", async (sandbox, exchange) => {
    await signedBody(sandbox, exchange);
    return close(sandbox, exchange.id);
  }),
  route("POST", "/v1/refunds", async (sandbox, exchange) => {
    return refundPayment(sandbox, await signedBody(sandbox, exchange));
  }),
  route("GET", "/v1/refunds/ID", (sandbox, { request, id }) => {
    checkSignature(request, request.url ?? "", sandbox.config.secret);
    return queryRefund(sandbox, id);
  }),
  route("GET", "/v1/statements/ID", (sandbox, { request, id }) => {
    checkSignature(request, request.url ?? "", sandbox.config.secret);
    return statement(sandbox, id);
  }),
];

const CHECKOUT: Route[] = [
  route("GET", "/checkout/ID", (sandbox, exchange) => showCheckout(sandbox, visitOf(exchange))),
  route("POST", "/checkout/ID/pay", (sandbox, exchange) =>
    payAtCheckout(sandbox, visitOf(exchange)),
  ),
  route("POST", "/checkout/ID/cancel", (sandbox, exchange) =>
    leaveCheckout(sandbox, visitOf(exchange)),
  ),
];

const CONTROL: Route[] = [
  route("GET", "/control/faults", ({ faults }) => json(200, faults.current)),
  route("POST", "/control/faults", async (sandbox, exchange) => {
    return setFaults(sandbox, await body(exchange));
  }),
  route("POST", "/control/pay/ID", async (sandbox, exchange) => {
    await body(exchange);
    return payNow(sandbox, exchange.id);
  }),
  route("POST", "/control/send/ID", async (sandbox, exchange) => {
    return sendNow(sandbox, exchange.id, await body(exchange));
  }),
  route("POST", "/control/refunds/ID", async (sandbox, exchange) => {
    return decideRefund(sandbox, exchange.id, await body(exchange));
  }),
  route("POST", "/control/console-refunds/ID", async (sandbox, exchange) => {
    return refundAtConsole(sandbox, exchange.id, await body(exchange));
  }),
  route("POST", "/control/disputes/ID", async (sandbox, exchange) => {
    return dispute(sandbox, exchange.id, await body(exchange));
  }),
  route("GET", "/control/state", (sandbox) => dumpState(sandbox)),
];

/** Answers every request, with the faults that are set at the moment. */
export function routes(sandbox: Sandbox): HttpHandler {
  const { faults, config } = sandbox;
  return async (request, response) => {
    const path = pathOf(request);
    if (path === "/healthz") return { status: 200, body: "ok" };
    if (path.startsWith("/control/")) {
      if (!mayControl(config.control, request)) throw new HttpProblem(404, "not found");
      return answerOf(CONTROL, path, { sandbox, request, response });
    }
    if (faults.current.down) return undefined;
    if (!path.startsWith("/v1/")) {
      return answerOf(CHECKOUT, path, { sandbox, request, response });
    }
    const answer = await answerOf(API, path, { sandbox, request, response });
    if (faults.current.slow_ms > 0) await pause(faults.current.slow_ms, undefined, { ref: false });
    if (faults.current.lose_answers === 0) return answer;
    faults.current.lose_answers -= 1;
    return undefined;
  };
}

async function answerOf(
  table: Route[],
  path: string,
  {
    sandbox,
    request,
    response,
  }: { sandbox: Sandbox; request: IncomingMessage; response: ServerResponse },
): Promise<HttpAnswer> {
  const matching = table.filter((candidate) => candidate.path.test(path));
  const found = matching.find(({ method }) => method === request.method);
  if (!found) {
    if (matching.length === 0) throw new HttpProblem(404, "not found", { close: true });
    const allow = matching.map(({ method }) => method).join(", ");
    throw new HttpProblem(405, `${allow} only`, { close: true, headers: { allow } });
  }
  const id = found.path.exec(path)?.[1] ?? "";
  try {
    return await found.answer(sandbox, { request, response, id });
  } catch (error) {
    if (error instanceof IdReused)
      return json(409, { error: "this id was used before with other contents" });
    throw error;
  }
}

function visitOf({ request, id }: Exchange) {
  const query = new URLSearchParams(request.url?.split("?")[1] ?? "");
  return { path: pathOf(request), query, headers: request.headers, tradeId: id };
}

async function body({ request, response }: Exchange) {
  return parseBody(request, await readBody(request, response, MAX_BODY_BYTES));
}

/** Checks the signature before it parses anything. */
async function signedBody({ config }: Sandbox, { request, response }: Exchange) {
  const bytes = await readBody(request, response, MAX_BODY_BYTES);
  checkSignature(request, bytes, config.secret);
  return parseBody(request, bytes);
}
