import { once } from "node:events";
import { Agent, request } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { frame } from "../../testbed/calls/http2-call.ts";
import type { Target } from "./target.ts";
import { atRate, http1Request, openSession, openSocket, openStream } from "./wires.ts";

export type Attack = {
  /** What it does, as the report names it. */
  what: string;
  /** Attacks until the signal is aborted. */
  run(target: Target, signal: AbortSignal): Promise<void>;
};

const GET_GOODS = "/shop.goods.v1.GoodsService/GetGoods";
const LIST_GOODS = "/shop.goods.v1.GoodsService/ListGoods";
const QUOTE_ORDER = "/shop.order.v1.OrderService/QuoteOrder";
const WATCH_ORDER = "/shop.order.v1.OrderService/WatchOrder";
const BUNDLE = "/docs/swagger-ui-bundle.js";
const JSON_BODY = { "content-type": "application/json" };

export const ATTACKS = {
  pipeline: {
    what: "10 connections pipeline 600 GETs of the largest page each, and read nothing",
    async run(target, signal) {
      const requests = Buffer.concat(Array.from({ length: 600 }, () => http1Request(BUNDLE)));
      await keepOpen(10, signal, async () => {
        const socket = openSocket(target);
        socket.pause();
        socket.write(requests);
        return socket;
      });
    },
  },
  unread: {
    what: "4 HTTP/2 connections open 250 streams each on the largest page, and read nothing",
    async run(target, signal) {
      await keepOpen(4, signal, async () => {
        const session = await openSession(target);
        for (let count = 0; session && count < 250; count += 1) {
          const headers = { ":method": "GET", ":path": BUNDLE };
          openStream(session, headers, { endStream: true })?.pause();
        }
        return session;
      });
    },
  },
  answers: {
    what: "4 HTTP/2 connections ask for 250 large lists of goods each, and read nothing",
    async run(target, signal) {
      await keepOpen(4, signal, async () => {
        const session = await openSession(target);
        for (let count = 0; session && count < 250; count += 1) {
          const headers = { ":method": "POST", ":path": LIST_GOODS, ...JSON_BODY };
          openStream(session, headers)?.pause().end('{"pageSize":100}');
        }
        return session;
      });
    },
  },
  unpacking: {
    what: "200 bodies/s of 1 KB unpack to 1 MB of JSON",
    async run(target, signal) {
      const text = `{"a":[${"{},".repeat(345_000)}{}]}`;
      const body = gzipSync(text, { level: 9 });
      const headers = { ...JSON_BODY, "content-encoding": "gzip" };
      await postAtRate(target, signal, { perSecond: 200, path: GET_GOODS, headers, body });
    },
  },
  "empty-lines": {
    what: "10 signed-in QuoteOrders/s have 345,000 empty lines",
    async run(target, signal) {
      const body = Buffer.from(`{"lines":[${"{},".repeat(344_999)}{}]}`);
      const authorization = `Bearer ${target.accounts[0]?.token}`;
      const headers = { ...JSON_BODY, authorization };
      await postAtRate(target, signal, { perSecond: 10, path: QUOTE_ORDER, headers, body });
    },
  },
  connections: {
    what: "one address opens 5,300 connections, asks for /healthz and keeps them",
    async run(target, signal) {
      const BATCH = 100;
      await keepOpen(
        5_300,
        signal,
        async () => {
          const socket = openSocket(target);
          socket.resume().write(http1Request("/healthz"));
          return socket;
        },
        BATCH,
      );
    },
  },
  bodies: {
    what: "5 HTTP/2 connections begin 250 calls each and never send a body",
    async run(target, signal) {
      await keepOpen(5, signal, async () => {
        const session = await openSession(target);
        const headers = { ":method": "POST", ":path": GET_GOODS, ...JSON_BODY };
        const open = () => {
          if (session && !session.destroyed)
            openStream(session, headers)?.once("close", open).resume();
        };
        for (let count = 0; session && count < 250; count += 1) open();
        return session;
      });
    },
  },
  callbacks: {
    what: "1,000 callbacks/s have a forged signature",
    async run(target, signal) {
      const headers = { ...JSON_BODY, "sandbox-signature": "00".repeat(32) };
      const path = "/pay/callback/sandbox";
      const body = Buffer.from(JSON.stringify({ notice_id: "x", type: "payment.succeeded" }));
      await postAtRate(target, signal, { perSecond: 1_000, path, headers, body });
    },
  },
  streams: {
    what: "50 accounts of one address watch 20 orders each",
    async run(target, signal) {
      const sessions = await Promise.all(Array.from({ length: 5 }, () => openSession(target)));
      const streams = target.accounts.flatMap((account) => Array(20).fill(account));
      for (const [index, { token, orderId }] of streams.entries()) {
        const session = sessions[index % sessions.length];
        const headers = {
          ":method": "POST",
          ":path": WATCH_ORDER,
          "content-type": "application/connect+json",
          authorization: `Bearer ${token}`,
        };
        const body = frame(Buffer.from(JSON.stringify({ orderId })));
        if (session) openStream(session, headers)?.resume().end(body);
      }
      if (!signal.aborted) await once(signal, "abort");
      for (const session of sessions) session?.destroy();
    },
  },
  leaving: {
    what: "200 clients/s leave right after their request",
    async run(target, signal) {
      const bytes = http1Request(
        GET_GOODS,
        JSON_BODY,
        Buffer.from(`{"goodsId":"${target.goodsId}"}`),
      );
      await atRate(200, signal, () => {
        const socket = openSocket(target);
        socket.once("connect", () => {
          socket.write(bytes);
          socket.resetAndDestroy();
        });
      });
    },
  },
} satisfies Record<string, Attack>;

export type AttackName = keyof typeof ATTACKS;
export const ATTACK_NAMES = Object.keys(ATTACKS) as AttackName[];

type Closable = { destroy(): unknown; destroyed: boolean };

/** Keeps `count` things open, and opens each that is closed again, until the signal. */
async function keepOpen(
  count: number,
  signal: AbortSignal,
  open: () => Promise<Closable | undefined>,
  batch = count,
): Promise<void> {
  let held: (Closable | undefined)[] = [];
  while (!signal.aborted) {
    held = held.filter((one) => one && !one.destroyed);
    const missing = Math.min(batch, count - held.length);
    held.push(...(await Promise.all(Array.from({ length: missing }, open))));
    await pause(20);
  }
  for (const one of held) one?.destroy();
}

async function postAtRate(
  { port, from }: Target,
  signal: AbortSignal,
  post: { perSecond: number; path: string; headers: Record<string, string>; body: Uint8Array },
): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 200, localAddress: from });
  const { path, body, perSecond } = post;
  const headers = { ...post.headers, "content-length": String(body.length) };
  await atRate(perSecond, signal, () => {
    const options = { host: "127.0.0.1", port, path, method: "POST", agent, headers };
    request(options, (response) => response.resume().on("error", () => {}))
      .on("error", () => {})
      .end(body);
  });
  agent.destroy();
}
