import { createHash, timingSafeEqual } from "node:crypto";
import type { HttpAnswer } from "#platform/http/answer.ts";
import { type Call, headerOf } from "../base/face.ts";
import type { Fields, Spec } from "../base/fields.ts";
import type { Sql } from "../base/store.ts";
import { errorAnswer, StripeError } from "./errors.ts";
import { createIdempotency, type Result } from "./idempotency.ts";
import { PARAMS, readParams } from "./params.ts";
import {
  balance,
  createRefund,
  listBalance,
  listDisputes,
  listEvents,
  listRefunds,
  retrieveBalance,
  retrieveDispute,
  retrieveEvent,
  retrieveRefund,
} from "./refunds.ts";
import {
  createSession,
  expireSession,
  listSessions,
  retrieveCharge,
  retrieveIntent,
  retrieveSession,
} from "./sessions.ts";
import type { Stripe } from "./stripe.ts";

type Work = (stripe: Stripe, sql: Sql, request: { id: string; params: Fields }) => object;
type Route = { method: "GET" | "POST"; path: RegExp; spec: Spec; work: Work };

/** `ID` in the path matches the id of an object. */
function route(line: string, spec: Spec, work: Work): Route {
  const [method, path = ""] = line.split(" ");
  const pattern = new RegExp(`^${path.replace("ID", "([A-Za-z0-9_]{1,255})")}$`);
  return { method: method as Route["method"], path: pattern, spec, work };
}

const ROUTES: Route[] = [
  route("POST /v1/checkout/sessions", PARAMS.createSession, (stripe, sql, { params }) =>
    createSession(stripe, sql, params),
  ),
  route("GET /v1/checkout/sessions", PARAMS.listSessions, (stripe, sql, { params }) =>
    listSessions(stripe, sql, params),
  ),
  route("GET /v1/checkout/sessions/ID", PARAMS.retrieve, (stripe, sql, { id, params }) =>
    retrieveSession(stripe, sql, id, params),
  ),
  route("POST /v1/checkout/sessions/ID/expire", PARAMS.expireSession, (stripe, sql, request) =>
    expireSession(stripe, sql, request.id, request.params),
  ),
  route("GET /v1/payment_intents/ID", PARAMS.retrieve, (_, sql, { id, params }) =>
    retrieveIntent(sql, id, params),
  ),
  route("GET /v1/charges/ID", PARAMS.retrieve, (_, sql, { id }) => retrieveCharge(sql, id)),
  route("POST /v1/refunds", PARAMS.createRefund, (stripe, sql, { params }) =>
    createRefund(stripe, sql, params),
  ),
  route("GET /v1/refunds", PARAMS.listRefunds, (_, sql, { params }) => listRefunds(sql, params)),
  route("GET /v1/refunds/ID", PARAMS.retrieve, (_, sql, { id, params }) =>
    retrieveRefund(sql, id, params),
  ),
  route("GET /v1/events", PARAMS.listEvents, (_, sql, { params }) => listEvents(sql, params)),
  route("GET /v1/events/ID", PARAMS.retrieve, (_, sql, { id }) => retrieveEvent(sql, id)),
  route("GET /v1/balance_transactions", PARAMS.listBalance, (_, sql, { params }) =>
    listBalance(sql, params),
  ),
  route("GET /v1/balance_transactions/ID", PARAMS.retrieve, (_, sql, { id }) =>
    retrieveBalance(sql, id),
  ),
  route("GET /v1/balance", PARAMS.none, (_, sql) => balance(sql)),
  route("GET /v1/disputes", PARAMS.listDisputes, (_, sql, { params }) => listDisputes(sql, params)),
  route("GET /v1/disputes/ID", PARAMS.retrieve, (_, sql, { id }) => retrieveDispute(sql, id)),
  route("GET /v1/account", PARAMS.none, ({ account }) => ({ id: account.id, object: "account" })),
];

/** Answers the calls of the API. */
export function createApi(stripe: Stripe): (call: Call) => Promise<HttpAnswer> {
  const once = createIdempotency(stripe.store, () => stripe.clock.nowMs());

  async function answer(call: Call): Promise<HttpAnswer> {
    checkKey(call, stripe.account.secretKey);
    const found = ROUTES.find(({ method, path }) => method === call.method && path.test(call.path));
    if (!found) {
      const message = `Unrecognized request URL (${call.method}: ${call.path}).`;
      throw new StripeError(404, { type: "invalid_request_error", message });
    }
    const form = call.body.toString();
    const type = headerOf(call, "content-type");
    if (form !== "" && !type.startsWith("application/x-www-form-urlencoded")) {
      const message = "Invalid request: the body must be application/x-www-form-urlencoded.";
      throw new StripeError(400, { type: "invalid_request_error", message });
    }
    const source = call.method === "GET" ? call.query.toString() : form;
    const params = readParams(source, found.spec);
    const id = found.path.exec(call.path)?.[1] ?? "";
    const work = (sql: Sql) => resultOf(() => found.work(stripe, sql, { id, params }));
    const key = call.method === "POST" ? headerOf(call, "idempotency-key") : "";
    return once({ key, target: `${call.method} ${call.path}`, body: form }, work);
  }

  return async (call) => {
    try {
      return await answer(call);
    } catch (error) {
      if (error instanceof StripeError) return errorAnswer(error);
      throw error;
    }
  };
}

/** An overload, or an internal error whose outcome the client cannot know. */
export function failureAnswer(kind: "rate_limit" | "error"): HttpAnswer {
  if (kind === "rate_limit") {
    const message = "Request rate limit exceeded.";
    const body = { type: "invalid_request_error", code: "rate_limit", message };
    const answer = errorAnswer(new StripeError(429, body));
    return { ...answer, headers: { ...answer.headers, "stripe-should-retry": "false" } };
  }
  const message = "Sorry! There was an error while talking to one of our backends.";
  return errorAnswer(new StripeError(500, { type: "api_error", message }));
}

/** Errors of the execution are results; errors of validation roll back and are not kept. */
function resultOf(work: () => object): Result {
  try {
    return { status: 200, body: JSON.stringify(work()) };
  } catch (error) {
    if (!(error instanceof StripeError) || !error.executed) throw error;
    return { status: error.status, body: String(errorAnswer(error).body) };
  }
}

function checkKey(call: Call, secretKey: string): void {
  const [, bearer = ""] = /^Bearer (\S+)$/.exec(headerOf(call, "authorization")) ?? [];
  const digest = (text: string) => createHash("sha256").update(text).digest();
  if (timingSafeEqual(digest(bearer), digest(secretKey))) return;
  const message = bearer === "" ? "You did not provide an API key." : "Invalid API Key provided.";
  throw new StripeError(401, { type: "invalid_request_error", message });
}
