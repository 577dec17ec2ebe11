import assert from "node:assert/strict";
import type { TlsSettings } from "#platform/settings/tls-settings.ts";
import { Outage } from "#platform/values/refusal.ts";
import { createClient } from "./clients.ts";
import { createHealthClient } from "./health-client.ts";
import { createAuthority, issueCertificate } from "./testing/certificates.ts";
import { EchoService, startEcho } from "./testing/echo.ts";

const authority = createAuthority("jetshop test authority");
const stranger = createAuthority("another authority");
const ours = { ...issueCertificate(authority, "goods"), ca: authority.cert };
const theirs = { ...issueCertificate(stranger, "goods"), ca: authority.cert };

async function reaches(
  server: TlsSettings,
  client: TlsSettings | undefined,
  host = "127.0.0.1",
): Promise<boolean> {
  const echo = await startEcho({ anyone: async (request) => request }, { tls: server });
  const address = `${host}:${echo.server.port}`;
  const caller = createClient(EchoService, { address, tls: client, timeoutMs: 3_000 });
  try {
    return (await caller.anyone({ text: "secret" })).text === "secret";
  } catch (error) {
    assert(error instanceof Outage);
    return false;
  } finally {
    caller.close();
    await echo.close();
  }
}

describe("TLS", () => {
  const plain = { ...ours, mutual: false };
  const mutual = { ...ours, mutual: true };

  it("accepts a client that trusts the server's authority", async () => {
    const client = { cert: undefined, key: undefined, ca: authority.cert, mutual: false };
    assert.equal(await reaches(plain, client), true);
  });

  it("checks the certificate against the host that was called, a name or an address", async () => {
    const elsewhere = { ...plain, ...issueCertificate(authority, "goods", [10, 0, 0, 1]) };
    for (const host of ["localhost", "dns:///localhost", "127.0.0.1", "dns:///127.0.0.1"]) {
      assert.equal(await reaches(plain, plain, host), true, host);
      assert.equal(await reaches(elsewhere, plain, host), host.endsWith("localhost"), host);
    }
  });

  it("can check the health of a server without checking its name", async () => {
    const elsewhere = { ...mutual, ...issueCertificate(authority, "goods", [10, 0, 0, 1]) };
    const echo = await startEcho({}, { tls: elsewhere });
    echo.server.setServing(true);
    const state = async (verifyServerName: boolean) => {
      const { address } = echo.server;
      const client = createHealthClient({ address, tls: mutual, verifyServerName });
      return client.check(3_000).finally(client.close);
    };
    assert.equal(await state(false), "SERVING");
    assert.equal(await state(true), "UNREACHABLE");
    await echo.close();
  });

  it("refuses a client without TLS, and one that trusts another authority", async () => {
    assert.equal(await reaches(plain, undefined), false);
    assert.equal(await reaches(plain, { ...plain, ca: stranger.cert }), false);
  });

  it("accepts with mutual TLS only clients with a certificate of the authority", async () => {
    assert.equal(await reaches(mutual, mutual), true);
    assert.equal(await reaches(mutual, { ...mutual, mutual: false }), false);
    assert.equal(await reaches(mutual, { ...theirs, mutual: true }), false);
  });

  it("needs a certificate to serve", async () => {
    const bare = { cert: undefined, key: undefined, ca: authority.cert, mutual: false };
    await assert.rejects(startEcho({}, { tls: bare }), /needs a certificate/);
  });
});
