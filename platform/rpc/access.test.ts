import assert from "node:assert/strict";
import { Outage, Reason, Refusal } from "#platform/values/refusal.ts";
import { createClient } from "./clients.ts";
import { implement } from "./server.ts";
import { type Echo, EchoService, keys, startEcho, tokenOf } from "./testing/echo.ts";
import { createServiceTokenSource } from "./tokens.ts";

type Name = "anyone" | "shopper" | "administrator" | "internal" | "missing";
const { OK, UNAUTHENTICATED, PERMISSION_DENIED } = {
  OK: "ok",
  UNAUTHENTICATED: Reason.UNAUTHENTICATED,
  PERMISSION_DENIED: Reason.PERMISSION_DENIED,
} as const;

// By caller: the answers of methods for PUBLIC, USER, ADMIN and SERVICE.
const MATRIX = {
  anonymous: [OK, UNAUTHENTICATED, UNAUTHENTICATED, UNAUTHENTICATED],
  user: [OK, OK, PERMISSION_DENIED, PERMISSION_DENIED],
  admin: [OK, OK, OK, PERMISSION_DENIED],
  service: [OK, OK, PERMISSION_DENIED, OK],
  forged: [UNAUTHENTICATED, UNAUTHENTICATED, UNAUTHENTICATED, UNAUTHENTICATED],
} as const;
const METHODS = ["anyone", "shopper", "administrator", "internal"] as const;

describe("access", () => {
  let echo: Awaited<ReturnType<typeof startEcho>>;
  const tokens: Record<string, string | undefined> = { forged: "e30.e30.e30" };
  const seen: string[] = [];

  before(async () => {
    const answer = async (request: Echo, call: { actor: string; ownerId: bigint | undefined }) => {
      seen.push(`${call.actor} ${call.ownerId}`);
      return { userId: request.userId };
    };
    const handlers = { anyone: answer, shopper: answer, administrator: answer, internal: answer };
    echo = await startEcho({
      ...handlers,
      async *watch(request, call) {
        yield await answer(request, call);
      },
    });
    tokens.user = await tokenOf("user", "7");
    tokens.admin = await tokenOf("admin", "root");
    tokens.service = await tokenOf("service", "order");
  });
  after(() => echo.close());

  const ask = (method: Name, caller: string, userId = 0n) => {
    const token = tokens[caller];
    return echo.client[method]({ userId }, token === undefined ? {} : { token });
  };
  const reasonOf = (work: Promise<unknown>) =>
    work.then(
      () => OK,
      (error) => (error instanceof Refusal ? error.reason : error),
    );

  for (const [caller, answers] of Object.entries(MATRIX)) {
    for (const [index, expected] of answers.entries()) {
      const method = METHODS[index] as Name;
      const what = expected === OK ? "lets" : "does not let";
      it(`${what} a caller with ${caller} identity call a method for ${method}`, async () => {
        assert.equal(await reasonOf(ask(method, caller)), expected);
      });
    }
  }

  it("gives handlers the caller and the user whose objects it may see", async () => {
    seen.length = 0;
    for (const caller of ["anonymous", "user", "admin", "service"]) await ask("anyone", caller);
    assert.deepEqual(seen, [
      "anonymous 0",
      "user:7 7",
      "admin:root undefined",
      "service:order undefined",
    ]);
  });

  it("fills in a user's own id, and answers another id like one that does not exist", async () => {
    assert.equal((await ask("shopper", "user")).userId, 7n);
    assert.equal((await ask("shopper", "user", 7n)).userId, 7n);
    for (const id of [8n, -1n, 2n ** 63n - 1n]) {
      assert.equal(await reasonOf(ask("shopper", "user", id)), Reason.USER_NOT_FOUND);
    }
  });

  it("lets administrators and services name any user, or none", async () => {
    for (const caller of ["admin", "service"]) {
      assert.equal((await ask("shopper", caller, 8n)).userId, 8n);
      assert.equal((await ask("shopper", caller)).userId, 0n);
    }
  });

  it("is enforced for streams too", async () => {
    const first = async (token?: string, userId = 0n) => {
      for await (const { userId: id } of echo.client.watch(
        { userId },
        { ...(token && { token }) },
      )) {
        return id;
      }
    };
    assert.equal(await first(tokens.user), 7n);
    assert.equal(await reasonOf(first()), UNAUTHENTICATED);
    assert.equal(await reasonOf(first(tokens.user, 8n)), Reason.USER_NOT_FOUND);
  });

  it("answers UNIMPLEMENTED for a method without a handler, to callers that may call it", async () => {
    assert.equal(await reasonOf(ask("missing", "user")), PERMISSION_DENIED);
    await assert.rejects(ask("missing", "admin"), /UNIMPLEMENTED/);
  });

  it("reports an outage if a service's own token is not accepted", async () => {
    const client = createClient(EchoService, {
      address: echo.server.address,
      tls: undefined,
      serviceToken: createServiceTokenSource(keys, "goods"),
      timeoutMs: 5_000,
    });
    await client.internal({});
    await assert.rejects(client.administrator({}), Outage);
    client.close();
  });

  it("refuses at the start to serve a method without an access option", () => {
    const [method] = EchoService.methods;
    const proto = { ...method?.proto, options: undefined };
    const bare = { ...EchoService, methods: [{ ...method, proto }] };
    assert.throws(() => implement(bare as never, {}), /has no shop.common.v1.access option/);
  });
});
