import type { IncomingMessage, ServerResponse } from "node:http";
import { type HttpAnswer, HttpProblem, pathOf, readBody } from "#platform/http/answer.ts";
import type { HttpHandler } from "#platform/http/server.ts";
import type { Clock } from "../base/clock.ts";
import type { Dispatcher } from "../base/dispatcher.ts";
import type { Face } from "../base/face.ts";
import { parseFaults } from "../base/faults.ts";
import { MAX_BODY_BYTES, MAX_COPIES } from "../base/limits.ts";
import { mayControl } from "../base/may-control.ts";
import { latestNotice } from "../base/notices.ts";
import { REFUND_STATES, type RefundState, refundOf } from "../base/refunds.ts";
import type { Sender } from "../base/sender.ts";
import type { Sql, Store } from "../base/store.ts";
import { type Trade, tradeOf } from "../base/trades.ts";
import { dumpState, refundJson, tradeJson } from "./state.ts";

/** A face with its address and its dispatcher. */
export type Running = { face: Face; url: string; sender: Sender; dispatcher: Dispatcher };

type Simulators = { store: Store; clock: Clock; faces: Running[] };

type Body = Record<string, unknown>;
type Command = (simulators: Simulators, running: Running, body: Body) => Promise<HttpAnswer>;

/** Commands of one face: POST /control/FACE/NAME. Payments and refunds are named by `number`. */
const COMMANDS: Record<string, Command> = {
  faults: async (_, { face }, body) => {
    const parsed = parseFaults(body, face);
    if (typeof parsed === "string") throw new HttpProblem(400, parsed);
    face.faults.current = parsed;
    return json(parsed);
  },
  begin: (simulators, { face }, body) =>
    onTrade(simulators, face, body, (sql, trade) => tradeJson(face.begin(sql, trade))),
  pay: (simulators, { face }, body) => {
    const { method = "", coupon = face.faults.current.coupon } = body;
    const payment = { method: String(method), coupon: minorUnits("coupon", coupon) };
    if (payment.method !== "" && !face.methods.includes(payment.method))
      throw new HttpProblem(400, `method must be one of ${face.methods.join(", ")}`);
    return onTrade(simulators, face, body, (sql, trade) =>
      tradeJson(face.pay(sql, face.begin(sql, trade), payment)),
    );
  },
  refund: (simulators, { face }, body) =>
    onTrade(simulators, face, body, (sql, trade) => {
      const refund = face.consoleRefund(sql, trade, minorUnits("amount", body.amount));
      if (!refund) throw new HttpProblem(409, "the payment cannot be refunded by this amount");
      return refundJson(refund);
    }),
  settle: async ({ store }, { face }, body) => {
    const state = REFUND_STATES.find((known) => known === body.state);
    if (!state) throw new HttpProblem(400, `state must be one of ${REFUND_STATES.join(", ")}`);
    return json(await settle(store, face, { number: String(body.number), state }));
  },
  send: sendNow,
};

/** The control interface, for tests and demonstrations. README.md describes it. */
export function serveControl(
  simulators: Simulators,
  rule: "loopback" | "any" | "off",
): HttpHandler {
  return async (request, response) => {
    const path = pathOf(request);
    if (path === "/healthz") return { status: 200, body: "ok" };
    if (!mayControl(rule, request)) throw new HttpProblem(404, "not found");
    if (request.method === "GET") return read(simulators, path);
    if (request.method !== "POST") throw new HttpProblem(405, "GET or POST only");
    return change(simulators, path, await bodyOf(request, response));
  };
}

function read({ faces, clock, store }: Simulators, path: string): HttpAnswer {
  switch (path) {
    case "/control/accounts":
      return json(
        Object.fromEntries(faces.map(({ face, url }) => [face.name, { url, ...face.account() }])),
      );
    case "/control/clock":
      return json({ now: new Date(clock.nowMs()).toISOString() });
    case "/control/state":
      return dumpState(store);
    default: {
      const [, name] = /^\/control\/([a-z]+)\/faults$/.exec(path) ?? [];
      const found = faces.find(({ face }) => face.name === name);
      if (!found) throw new HttpProblem(404, "not found");
      return json(found.face.faults.current);
    }
  }
}

async function change(simulators: Simulators, path: string, body: Body): Promise<HttpAnswer> {
  const { faces, clock, store } = simulators;
  if (path === "/control/clock") {
    await clock.advance(advanceMs(clock, body));
    // What is due by then has happened when the command is answered.
    await store.transact((sql) => {
      for (const { face } of faces) face.catchUp(sql, clock.nowMs());
    });
    for (const { dispatcher } of faces) dispatcher.nudge();
    return json({ now: new Date(clock.nowMs()).toISOString() });
  }
  const [, faceName, name = ""] = /^\/control\/([a-z]+)\/([a-z-]+)$/.exec(path) ?? [];
  const running = faces.find(({ face }) => face.name === faceName);
  if (!running) throw new HttpProblem(404, "not found");
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  const answer = command
    ? await command(simulators, running, body)
    : await ownCommand(running, name, body);
  running.dispatcher.nudge();
  return answer;
}

async function ownCommand({ face }: Running, name: string, body: Body): Promise<HttpAnswer> {
  const done = face.command(name, body);
  if (!done) throw new HttpProblem(404, `${face.name} has no command ${JSON.stringify(name)}`);
  return json(await done);
}

/** From {advance_ms} or {at}. The clock never goes back: what has expired cannot reopen. */
function advanceMs(clock: Clock, { advance_ms: advance, at }: Body): number {
  const ms = at === undefined ? Number(advance) : Date.parse(String(at)) - clock.nowMs();
  if (Number.isFinite(ms) && ms >= 0) return Math.ceil(ms);
  throw new HttpProblem(400, "advance_ms must be at least 0, or at a time that is still to come");
}

async function onTrade(
  { store }: Simulators,
  face: Face,
  body: Body,
  work: (sql: Sql, trade: Trade) => object,
): Promise<HttpAnswer> {
  const done = await store.transact((sql) => {
    const trade = tradeOf(sql, face.name, String(body.number));
    return trade && work(sql, trade);
  });
  if (!done) throw new HttpProblem(404, "unknown payment");
  return json(done);
}

/** A number, or a string of digits. */
function minorUnits(name: string, value: unknown): bigint {
  if (/^\d{1,15}$/.test(String(value))) return BigInt(String(value));
  throw new HttpProblem(400, `${name} must be a whole number of minor units`);
}

async function settle(
  store: Store,
  face: Face,
  { number, state }: { number: string; state: RefundState },
): Promise<object> {
  const done = await store.transact((sql) => {
    const refund = refundOf(sql, face.name, number);
    if (!refund) return undefined;
    face.settle(sql, refund, state);
    const now = refundOf(sql, face.name, number);
    return now && refundJson(now);
  });
  if (!done) throw new HttpProblem(404, "unknown refund");
  return done;
}

/**
 * Sends callbacks about a payment now, regardless of schedule and faults. `kind` is "genuine" or a
 * fake, `type` the type of the notice, `times` the number of copies sent at once. Answers with the
 * shop's answer to each.
 */
async function sendNow(
  { store }: Simulators,
  { face, sender }: Running,
  body: Body,
): Promise<HttpAnswer> {
  const { kind = "genuine", times = 1, as, number, type } = body;
  const known = ["genuine" as const, ...face.fakes].find((name) => name === kind);
  if (!known) throw new HttpProblem(400, `kind must be genuine or one of ${face.fakes.join(", ")}`);
  if (!Number.isInteger(times) || (times as number) < 1 || (times as number) > MAX_COPIES)
    throw new HttpProblem(400, `times must be an integer from 1 to ${MAX_COPIES}`);
  const wanted = { face: face.name, trade: String(number), type: type as string | undefined };
  const notice = latestNotice(store.read, wanted);
  if (!notice) throw new HttpProblem(404, "the payment has no such notice");
  const copies = Array.from({ length: times as number }, () =>
    sender.send(notice, known, as === undefined ? undefined : String(as)),
  );
  const deliveries = await Promise.all(copies);
  return json({ answers: deliveries.map(({ answer }) => answer) });
}

/**
 * The object in the body. A page in a local browser cannot send one: JSON would need a CORS
 * preflight, which is not answered.
 */
async function bodyOf(request: IncomingMessage, response: ServerResponse): Promise<Body> {
  if (!/^application\/json *(;|$)/i.test(request.headers["content-type"] ?? ""))
    throw new HttpProblem(415, "content-type must be application/json");
  const bytes = await readBody(request, response, MAX_BODY_BYTES);
  try {
    const value: unknown = JSON.parse(bytes.toString());
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Body;
  } catch {
    // Reported below, as every other body that is not an object.
  }
  throw new HttpProblem(400, "body must be a JSON object");
}

function json(value: object): HttpAnswer {
  const headers = { "content-type": "application/json; charset=utf-8" };
  return { status: 200, headers, body: JSON.stringify(value) };
}
