import type { IncomingMessage, ServerResponse } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { type HttpAnswer, HttpProblem, pathOf, readBody } from "#platform/http/answer.ts";
import type { HttpHandler } from "#platform/http/server.ts";
import { checkSignature, close, giveBack, json, open, parseBody, query } from "./api.ts";
import { leaveCheckout, payAtCheckout, showCheckout } from "./checkout.ts";
import { dumpState, payNow, sendNow, setFaults } from "./control.ts";
import { KeyReused } from "./ledger.ts";
import { MAX_BODY_BYTES } from "./limits.ts";
import type { Platform } from "./platform.ts";

type Exchange = { request: IncomingMessage; response: ServerResponse; id: string };
type Route = {
  method: "GET" | "POST";
  path: RegExp;
  answer(platform: Platform, exchange: Exchange): HttpAnswer | Promise<HttpAnswer>;
};

/** `ID` in a path is a payment's key; it is handed to the route. */
function route(method: Route["method"], path: string, answer: Route["answer"]): Route {
  return { method, path: new RegExp(`^${path.replace("ID", "([A-Za-z0-9_-]{1,64})")}$`), answer };
}

const API: Route[] = [
  route("POST", "/v1/payments", async (platform, exchange) => {
    return open(platform, await signedBody(platform, exchange));
  }),
  route("GET", "/v1/payments/ID", (platform, { request, id }) => {
    checkSignature(request, request.url ?? "", platform.config.secret);
    return query(platform, id);
  }),
  route("POST", "/v1/payments/ID/close", async (platform, exchange) => {
    await signedBody(platform, exchange);
    return close(platform, exchange.id);
  }),
  route("POST", "/v1/refunds", async (platform, exchange) => {
    return giveBack(platform, await signedBody(platform, exchange));
  }),
];

const CHECKOUT: Route[] = [
  route("GET", "/checkout/ID", (platform, { id }) => showCheckout(platform, id)),
  route("POST", "/checkout/ID/pay", (platform, { id }) => payAtCheckout(platform, id)),
  route("POST", "/checkout/ID/cancel", (platform, { id }) => leaveCheckout(platform, id)),
];

const CONTROL: Route[] = [
  route("GET", "/control/faults", ({ faults }) => json(200, faults.current)),
  route("POST", "/control/faults", async (platform, exchange) => {
    return setFaults(platform, await body(exchange));
  }),
  route("POST", "/control/pay/ID", async (platform, exchange) => {
    await body(exchange);
    return payNow(platform, exchange.id);
  }),
  route("POST", "/control/send/ID", async (platform, exchange) => {
    return sendNow(platform, exchange.id, await body(exchange));
  }),
  route("GET", "/control/state", (platform) => dumpState(platform)),
];

/** Every request to the platform, with the faults that the platform has at the moment. */
export function routes(platform: Platform): HttpHandler {
  const { faults, config } = platform;
  return async (request, response) => {
    const path = pathOf(request);
    if (path === "/healthz") return { status: 200, body: "ok" };
    if (path.startsWith("/control/")) {
      if (!mayControl(config.control, request)) throw new HttpProblem(404, "not found");
      return answerOf(CONTROL, path, { platform, request, response });
    }
    if (faults.current.down) return undefined;
    if (!path.startsWith("/v1/")) {
      return answerOf(CHECKOUT, path, { platform, request, response });
    }
    const answer = await answerOf(API, path, { platform, request, response });
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
    platform,
    request,
    response,
  }: { platform: Platform; request: IncomingMessage; response: ServerResponse },
): Promise<HttpAnswer> {
  const here = table.filter((candidate) => candidate.path.test(path));
  const found = here.find(({ method }) => method === request.method);
  if (!found) {
    if (here.length === 0) throw new HttpProblem(404, "not found", { close: true });
    const allow = here.map(({ method }) => method).join(", ");
    throw new HttpProblem(405, `${allow} only`, { close: true, headers: { allow } });
  }
  const id = found.path.exec(path)?.[1] ?? "";
  try {
    return await found.answer(platform, { request, response, id });
  } catch (error) {
    if (error instanceof KeyReused) return json(409, { error: "used before, with other contents" });
    throw error;
  }
}

/** A page in a browser on the same machine cannot send JSON here: other origins would have to be allowed first. */
function mayControl(rule: Platform["config"]["control"], { socket }: IncomingMessage): boolean {
  if (rule !== "loopback") return rule === "any";
  const from = socket.remoteAddress?.replace("::ffff:", "") ?? "";
  return from === "::1" || from.startsWith("127.");
}

async function body({ request, response }: Exchange) {
  return parseBody(request, await readBody(request, response, MAX_BODY_BYTES));
}

/** The signature is checked before anything is parsed. */
async function signedBody({ config }: Platform, { request, response }: Exchange) {
  const bytes = await readBody(request, response, MAX_BODY_BYTES);
  checkSignature(request, bytes, config.secret);
  return parseBody(request, bytes);
}
