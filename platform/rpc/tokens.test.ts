import assert from "node:assert/strict";
import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { mock } from "node:test";
import { type JWTPayload, SignJWT, UnsecuredJWT } from "jose";
import { Reason, Refusal } from "#platform/values/refusal.ts";
import { keys, tokenOf } from "./testing/echo.ts";
import { createServiceTokenSource, createTokenVerifier, signToken } from "./tokens.ts";

const user = keys.user.signing as KeyObject;
const service = keys.service.signing as KeyObject;
const other = generateKeyPairSync("ed25519").privateKey;
const now = () => Math.floor(Date.now() / 1000);

function sign(claims: JWTPayload, key: KeyObject | Uint8Array = user, alg = "EdDSA") {
  const good = { role: "user", iss: "jetshop", aud: "jetshop", sub: "7", exp: now() + 60 };
  return new SignJWT({ ...good, ...claims }).setProtectedHeader({ alg }).sign(key);
}

async function refused(token: string, reason: Reason = Reason.UNAUTHENTICATED): Promise<void> {
  const { verify } = createTokenVerifier(keys);
  await assert.rejects(
    async () => verify(token),
    (error: unknown) => {
      assert(error instanceof Refusal);
      assert.equal(error.reason, reason);
      assert.deepEqual(error.metadata, {});
      return true;
    },
  );
}

function moveClock(byMs: number): void {
  const now = Date.now() + byMs;
  mock.timers.reset();
  mock.timers.enable({ apis: ["Date"], now });
}

describe("tokens", () => {
  afterEach(() => mock.timers.reset());

  it("name users, administrators and services, each verified with the key of its role", async () => {
    const { verify } = createTokenVerifier(keys);
    const userId = 2n ** 63n - 1n;
    assert.deepEqual(await verify(await tokenOf("user", `${userId}`)), { kind: "user", userId });
    assert.deepEqual(await verify(await tokenOf("admin", "x")), { kind: "admin", id: "x" });
    assert.deepEqual(await verify(await tokenOf("service", "order")), {
      kind: "service",
      name: "order",
    });
  });

  const bad: Record<string, () => Promise<string> | string> = {
    "that are not tokens": () => "x",
    "that are empty": () => "",
    "that are huge": () => "x".repeat(1_000_000),
    "with algorithm none": () =>
      new UnsecuredJWT({ role: "admin", sub: "x" })
        .setIssuer("jetshop")
        .setAudience("jetshop")
        .setExpirationTime("1h")
        .encode(),
    "signed with HS256 and the public key": () => {
      const secret = keys.user.verifying.export({ type: "spki", format: "pem" });
      return sign({}, Buffer.from(secret), "HS256");
    },
    "of another issuer": () => sign({ iss: "elsewhere" }),
    "for another audience": () => sign({ aud: "elsewhere" }),
    "that have expired, of another issuer": () => sign({ exp: now() - 61, iss: "elsewhere" }),
    "that have expired, for another audience": () => sign({ exp: now() - 61, aud: "elsewhere" }),
    "that have expired, signed with another key": () => sign({ exp: now() - 61 }, other),
    "that have expired, of no caller": () => sign({ exp: now() - 61, sub: "x" }),
    "without an end": () => sign({ exp: undefined }),
    "that are not valid yet": () => sign({ nbf: now() + 61 }),
    "signed with another key": () => sign({}, other),
    "whose signature is stripped": async () => (await sign({})).replace(/[^.]+$/, ""),
    "whose contents were changed": async () => {
      const [head, , signature] = (await sign({})).split(".");
      const [, contents] = (await sign({ sub: "8" })).split(".");
      return [head, contents, signature].join(".");
    },
    "of a service, signed with the key of the users": () => sign({ role: "service", sub: "order" }),
    "of an administrator, signed with the key of the services": () =>
      sign({ role: "admin", sub: "x" }, service),
    "of a user, signed with the key of the services": () => sign({}, service),
    "without a role": () => sign({ role: undefined }),
    "of an unknown role": () => sign({ role: "root" }),
    "of a user without an id": () => sign({ sub: undefined }),
    "of user 0": () => sign({ sub: "0" }),
    "of a user beyond 2^63-1": () => sign({ sub: `${2n ** 63n}` }),
    "of a user with a name for an id": () => sign({ sub: "7 or 1=1" }),
    "of an administrator with line breaks in the name": () => sign({ role: "admin", sub: "x\ny" }),
  };
  for (const [name, make] of Object.entries(bad)) {
    it(`${name} are refused as UNAUTHENTICATED`, async () => refused(await make()));
  }

  it("that are genuine and have expired are refused as TOKEN_EXPIRED", async () => {
    await refused(await sign({ exp: now() - 61 }), Reason.TOKEN_EXPIRED);
  });

  it("that were verified before are refused after they expire", async () => {
    const { verify } = createTokenVerifier(keys);
    const token = await sign({ exp: now() - 29 });
    assert.deepEqual(await verify(token), { kind: "user", userId: 7n });
    assert(!(verify(token) instanceof Promise), "a known token is verified without a promise");
    moveClock(2_000);
    await assert.rejects(async () => verify(token), Refusal);
  });

  it("cannot be signed without the private key of their role", async () => {
    const readOnly = { ...keys, user: { ...keys.user, signing: undefined } };
    const claims = { role: "admin", subject: "x", ttlSeconds: 60 } as const;
    await assert.rejects(signToken(readOnly, claims), /no private key/);
  });

  it("of a service are signed every 4 minutes, and again after the clock moved back", async () => {
    const source = createServiceTokenSource(keys, "order");
    const first = await source();
    assert.equal(await source(), first);
    for (const shiftMs of [241_000, -400_000]) {
      moveClock(shiftMs);
      assert.notEqual(await source(), first);
    }
  });
});
