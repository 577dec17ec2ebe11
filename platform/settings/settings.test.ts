import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { DEVELOPMENT_SERVICE_KEY, DEVELOPMENT_TOKEN_KEY } from "./development-keys.ts";
import { serviceSettings } from "./service-settings.ts";
import { readSettings, SettingsError, type SettingsReader } from "./settings.ts";

const SERVICES = ["goods", "coupon", "user", "order", "pay"] as const;

function faultsOf(env: Record<string, string>, build: (read: SettingsReader) => unknown): string[] {
  try {
    readSettings(env, build);
    return [];
  } catch (error) {
    assert(error instanceof SettingsError);
    return error.faults;
  }
}

function pem(): string {
  const { privateKey } = generateKeyPairSync("ed25519");
  return privateKey.export({ type: "pkcs8", format: "pem" }).toString();
}

describe("readSettings", () => {
  it("reports every fault of a configuration together", () => {
    const faults = faultsOf({ A: "x", B: "11", C: "maybe", D: "http://x", F: "host" }, (read) => [
      read.integer("A", { min: 0, max: 10 }),
      read.integer("B", { min: 0, max: 10 }),
      read.flag("C", false),
      read.url("D", { protocols: ["mysql:"] }),
      read.text("E"),
      read.hostPort("F", "x:1"),
      read.file("G"),
    ]);
    assert.deepEqual(
      faults.map((fault) => fault.slice(0, 2)),
      ["A:", "B:", "C:", "D:", "E:", "F:"],
    );
  });

  it("reports the faults even if the rest fails on a stand-in", () => {
    const build = (read: SettingsReader) => {
      read.text("A");
      throw new Error("failed on a stand-in");
    };
    assert.deepEqual(faultsOf({}, build), ["A: must be set"]);
  });

  it("treats an empty variable as not set", () => {
    const settings = readSettings({ A: "", B: "" }, (read) => ({
      a: read.text("A", { default: "x" }),
      b: read.integer("B", { default: 5, min: 0, max: 9 }),
    }));
    assert.deepEqual(settings, { a: "x", b: 5 });
  });

  it("reads whole numbers only, exactly", () => {
    for (const text of ["1e3", "0x10", " 1", "1.0", "", "99999999999999999999"]) {
      const build = (read: SettingsReader) => read.bigint("A", { min: 0n, max: 10_000n });
      assert.equal(faultsOf({ A: text }, build).length, 1, text);
    }
    const max = 2n ** 53n + 1n;
    assert.equal(
      readSettings({ A: `${max}` }, (read) => read.bigint("A", { min: 0n, max })),
      max,
    );
  });

  it("never shows a password or a key in a fault", () => {
    const env = {
      SHOP_MYSQL_URL: "postgres://root:hunter2@db",
      SHOP_TOKEN_PRIVATE_KEY: "hunter2",
      SHOP_NATS_URL: "hunter2",
    };
    const faults = faultsOf(env, (read) => serviceSettings(read, SERVICES, "goods"));
    assert.equal(faults.length, 3);
    assert(!faults.join().includes("hunter2"));
  });
});

describe("serviceSettings", () => {
  it("needs nothing in development", () => {
    const settings = readSettings({}, (read) => serviceSettings(read, SERVICES, "order"));
    assert.deepEqual(settings.listen, { host: "127.0.0.1", port: 50_054 });
    assert.equal(settings.mysql.schema, "shop_order");
    assert.equal(settings.tls, undefined);
  });

  it("accepts several servers of a broker, and refuses one that is not an address", () => {
    const natsOf = (urls: string) =>
      readSettings({ SHOP_NATS_URL: urls }, (read) => serviceSettings(read, SERVICES, "order"))
        .nats;
    const servers = ["nats://shop:secret@a:4222", "nats://b:4222"];
    assert.deepEqual(natsOf(servers.join(", ")).servers, servers);
    assert.throws(() => natsOf("nats://a:4222,http://b"), /SHOP_NATS_URL/);
  });

  it("moves all ports and addresses with one setting", () => {
    const env = { SHOP_PORT_BASE: "7000", SHOP_PAY_ADDRESS: "dns:///pay:1" };
    const settings = readSettings(env, (read) => serviceSettings(read, SERVICES, "goods"));
    assert.equal(settings.listen.port, 7_001);
    assert.equal(settings.addresses.user, "127.0.0.1:7003");
    assert.equal(settings.addresses.pay, "dns:///pay:1");
  });

  it("lists every default that production refuses", () => {
    const faults = faultsOf({ SHOP_ENV: "production" }, (read) =>
      serviceSettings(read, SERVICES, "user"),
    );
    for (const name of [
      "SHOP_TOKEN_PRIVATE_KEY",
      "SHOP_SERVICE_PRIVATE_KEY",
      "TLS",
      "MYSQL",
      "NATS",
    ]) {
      assert(
        faults.some((fault) => fault.includes(name)),
        name,
      );
    }
  });

  it("refuses the development keys in production, even if they are set", () => {
    const env = {
      SHOP_ENV: "production",
      SHOP_TOKEN_PRIVATE_KEY: DEVELOPMENT_TOKEN_KEY,
      SHOP_SERVICE_PRIVATE_KEY: DEVELOPMENT_SERVICE_KEY,
    };
    const faults = faultsOf(env, (read) => serviceSettings(read, SERVICES, "goods"));
    assert.equal(faults.filter((fault) => fault.includes("development key")).length, 2);
  });

  it("cannot sign for users if only the public key is set", () => {
    const env = { SHOP_TOKEN_PUBLIC_KEY: pem() };
    const { tokens } = readSettings(env, (read) => serviceSettings(read, SERVICES, "goods"));
    assert.equal(tokens.user.signing, undefined);
  });

  it("refuses keys that are not a pair, and one key for both pairs", () => {
    const key = pem();
    const mixed = { SHOP_TOKEN_PRIVATE_KEY: key, SHOP_TOKEN_PUBLIC_KEY: pem() };
    assert.match(
      faultsOf(mixed, (read) => serviceSettings(read, SERVICES, "goods")).join(),
      /public half/,
    );
    const same = { SHOP_TOKEN_PRIVATE_KEY: key, SHOP_SERVICE_PRIVATE_KEY: key };
    assert.match(
      faultsOf(same, (read) => serviceSettings(read, SERVICES, "goods")).join(),
      /of the services/,
    );
  });

  it("accepts a key on one line with \\n for its line breaks", () => {
    const env = { SHOP_TOKEN_PRIVATE_KEY: pem().replaceAll("\n", "\\n") };
    assert.deepEqual(
      faultsOf(env, (read) => serviceSettings(read, SERVICES, "goods")),
      [],
    );
  });

  it("refuses half a TLS configuration", () => {
    const cases: Record<string, string>[] = [
      { SHOP_TLS_MUTUAL: "true" },
      { SHOP_TLS_CERT_FILE: import.meta.filename },
      { SHOP_TLS_CA_FILE: "/does/not/exist" },
    ];
    for (const env of cases) {
      assert.notDeepEqual(
        faultsOf(env, (read) => serviceSettings(read, SERVICES, "goods")),
        [],
      );
    }
  });
});
