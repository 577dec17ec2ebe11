import assert from "node:assert/strict";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { Stripe } from "stripe";
import { Outage } from "#platform/values/refusal.ts";
import type { Opening } from "../../../services/pay/providers/provider.ts";
import { API_VERSION, stripeApi } from "../../../services/pay/providers/stripe/api.ts";
import type { StripeSettings } from "../../../services/pay/providers/stripe/config.ts";
import { encodeForm, type Params } from "../../../services/pay/providers/stripe/form.ts";
import { stripeProvider } from "../../../services/pay/providers/stripe/provider.ts";

const SECRET_KEY = "sk_test_0123456789abcdef";
const ZONES = ["UTC", "Asia/Shanghai", "America/New_York"];

/** Texts that encoders and signers got wrong somewhere. */
const PIECES = [
  "%25",
  "%5B",
  "[]",
  "[0]",
  ..."%+&=?#[]{}'\"`!*()~;:@/\\ \n\t<>|^$,.aZ9éß茶𝒳🍵\u200b\ufeff",
];

/** The same numbers in each run. */
function random(): (below: number) => number {
  let state = 20_261_127n;
  return (below) => {
    state = (state * 6_364_136_223_846_793_005n + 1_442_695_040_888_963_407n) % 2n ** 64n;
    return Number((state >> 33n) % BigInt(below));
  };
}

describe("the provider stripe, beside Stripe's SDK", () => {
  const next = random();
  const textOf = (length: number) =>
    Array.from({ length }, () => PIECES[next(PIECES.length)]).join("");

  it("encodes 10,000 random parameters as the SDK does", async () => {
    const bodies: string[] = [];
    const keep: typeof fetch = async (_, init) => {
      bodies.push(String(init?.body));
      return new Response("{}", { headers: { "content-type": "application/json" } });
    };
    const sdk = new Stripe(SECRET_KEY, { httpClient: Stripe.createFetchHttpClient(keep) });
    for (let time = 0; time < 10_000; time += 1) {
      const params = randomParams(3);
      await sdk.refunds.create(params as Stripe.RefundCreateParams);
      assert.equal(encodeForm(params), bodies.at(-1), JSON.stringify(params));
    }
  }).timeout(60_000);

  function randomParams(depth: number): Params {
    const names = Array.from({ length: 1 + next(3) }, () => `n${textOf(next(3))}`);
    return Object.fromEntries(names.map((name) => [name, randomValue(depth)]));
  }

  function randomValue(depth: number): Params[string] {
    switch (next(depth > 0 ? 6 : 4)) {
      case 0:
        return next(1_000_000_000);
      case 1:
        return next(2) === 0;
      case 2:
        return undefined;
      case 3:
        return textOf(next(8));
      case 4:
        return Array.from({ length: next(3) }, () => textOf(next(4)));
      default:
        return randomParams(depth - 1);
    }
  }

  describe("as a client", () => {
    type Request = { path: string | undefined; headers: IncomingHttpHeaders; body: string };
    const requests: Request[] = [];
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const { url: path, headers } = request;
        requests.push({ path, headers, body: Buffer.concat(chunks).toString() });
        const error = { type: "api_error", message: "broken" };
        const type = { "content-type": "application/json", "stripe-should-retry": "false" };
        response.writeHead(500, type).end(JSON.stringify({ error }));
      });
    });
    let port = 0;
    before(async () => {
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      port = (server.address() as AddressInfo).port;
    });
    after(() => server.close());

    /** The one request that `call` sends; every call is answered with 500. */
    async function requestOf(call: () => Promise<unknown>): Promise<Request> {
      requests.length = 0;
      await assert.rejects(call());
      assert.equal(requests.length, 1);
      return requests[0] as Request;
    }

    const ours = (settings: Partial<StripeSettings> = {}) =>
      stripeProvider({
        url: `http://127.0.0.1:${port}`,
        secretKey: SECRET_KEY,
        livemode: false,
        webhookSecrets: [],
        paymentMethods: undefined,
        ...settings,
      });
    const sdk = () =>
      new Stripe(SECRET_KEY, { host: "127.0.0.1", port, protocol: "http", maxNetworkRetries: 0 });

    it("opens sessions with the bytes and the version that the SDK sends", async () => {
      for (let time = 0; time < 300; time += 1) {
        const opening = randomOpening();
        const paymentMethods = next(2) === 0 ? undefined : ["card", "sepa_debit"];
        const mine = await requestOf(() => ours({ paymentMethods }).open(opening));
        const { description, returnUrl, amountCents } = opening;
        const metadata = {
          jetshop_payment: String(opening.paymentId),
          jetshop_order: String(opening.orderId),
        };
        const product_data = { name: description };
        const price_data = { currency: "eur", unit_amount: Number(amountCents), product_data };
        const theirs = await requestOf(() =>
          sdk().checkout.sessions.create({
            mode: "payment",
            client_reference_id: String(opening.paymentId),
            line_items: [{ quantity: 1, price_data }],
            success_url: returnUrl,
            cancel_url: returnUrl,
            // 31 minutes after the payment expires.
            expires_at: Math.floor(opening.expireTime.getTime() / 1_000) + 1_860,
            adaptive_pricing: { enabled: false },
            metadata,
            payment_intent_data: { metadata, description },
            allowed_payment_method_types: paymentMethods as ["card", "sepa_debit"] | undefined,
          }),
        );
        assert.equal(mine.body, theirs.body);
        assert.equal(mine.path, theirs.path);
        for (const name of ["authorization", "content-type", "stripe-version"]) {
          assert.equal(mine.headers[name], theirs.headers[name], name);
        }
        assert.match(String(mine.headers["idempotency-key"]), /^open-\d+-\d+$/);
      }
    }).timeout(60_000);

    function randomOpening(): Opening {
      // The clock of the database, which gives the time, may be ahead.
      const createTime = new Date(Date.now() + 1_000 - next(60_000));
      return {
        paymentId: BigInt(1 + next(1_000_000_000)) << 32n,
        orderId: BigInt(1 + next(1_000_000_000)),
        amountCents: BigInt(50 + next(10_000_000)),
        currency: "EUR",
        tradeId: null,
        references: {},
        createTime,
        expireTime: new Date(createTime.getTime() + 1_800_000),
        returnUrl: `https://shop.example/?q=${encodeURIComponent(textOf(6).toWellFormed())}`,
        description: `d${textOf(10)}`,
      };
    }

    it("closes, queries and looks through refunds by the paths that the SDK uses", async () => {
      const payment = {
        ...randomOpening(),
        references: { session: "cs_test_a1" },
        tradeId: "pi_1",
      };
      const request = { refundId: 7n, attempt: 2, payment, amountCents: 100n, reference: null };
      const pairs: [() => Promise<unknown>, () => Promise<unknown>][] = [
        [() => ours().close(payment), () => sdk().checkout.sessions.expire("cs_test_a1")],
        [
          () => ours().query(payment),
          () =>
            sdk().checkout.sessions.retrieve("cs_test_a1", {
              expand: ["payment_intent.latest_charge"],
            }),
        ],
        [
          () => ours().queryRefund(request),
          () => sdk().refunds.list({ payment_intent: "pi_1", limit: 100 }),
        ],
      ];
      for (const [mine, theirs] of pairs) {
        const [one, other] = [await requestOf(mine), await requestOf(theirs)];
        assert.equal(decodeURIComponent(one.path ?? ""), decodeURIComponent(other.path ?? ""));
        assert.equal(one.body, other.body);
      }
    });

    it("names the version of the API that the SDK names, and needs no time zone", async () => {
      assert.equal(API_VERSION, Stripe.API_VERSION);
      const createTime = new Date(Date.now() - 1_000);
      const expireTime = new Date(createTime.getTime() + 1_800_000);
      const opening = { ...randomOpening(), createTime, expireTime };
      const zone = process.env.TZ;
      try {
        const bodies = [];
        for (const name of ZONES) {
          process.env.TZ = name;
          bodies.push((await requestOf(() => ours().open(opening))).body);
        }
        assert.equal(new Set(bodies).size, 1);
      } finally {
        if (zone === undefined) delete process.env.TZ;
        else process.env.TZ = zone;
      }
    });

    it("repeats a call whose idempotency key is in use, until it is free", async () => {
      // One call at a time, and the others meet it, as it may be at Stripe.
      let underWay = false;
      const busy = createServer((request, response) => {
        request.resume();
        const type = { "content-type": "application/json" };
        if (underWay) {
          response.writeHead(409, type).end('{"error":{"type":"conflict"}}');
          return;
        }
        underWay = true;
        setTimeout(() => {
          underWay = false;
          response.writeHead(200, type).end("{}");
        }, 20);
      });
      await new Promise<void>((resolve) => busy.listen(0, "127.0.0.1", resolve));
      const url = `http://127.0.0.1:${(busy.address() as AddressInfo).port}`;
      const api = stripeApi({ url, secretKey: SECRET_KEY });
      try {
        const answers = await Promise.all(
          Array.from({ length: 8 }, () => api.post("/v1/refunds", {}, "one key")),
        );
        assert.ok(answers.every(({ ok }) => ok));
      } finally {
        busy.close();
      }
    });

    it("takes a failure of Stripe for an outage", async () => {
      await assert.rejects(ours().open(randomOpening()), Outage);
    });
  });
});
