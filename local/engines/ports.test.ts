import assert from "node:assert/strict";
import { createServer } from "node:net";
import { assertCanListen, freePorts, isPortFree, shopPorts } from "./ports.ts";
import { brokerTooOld, databaseTooOld, databaseVersion } from "./versions.ts";

describe("ports", () => {
  it("move with SHOP_PORT_BASE", () => {
    assert.deepEqual(shopPorts({}), { mysql: 50_056, nats: 50_057 });
    assert.deepEqual(shopPorts({ SHOP_PORT_BASE: "20000" }), { mysql: 20_006, nats: 20_007 });
  });

  it("are refused outside of their range", () => {
    for (const text of ["80", "65001", "abc", "1e4", "-5", "50050.5"]) {
      assert.throws(() => shopPorts({ SHOP_PORT_BASE: text }), /SHOP_PORT_BASE must/, text);
    }
  });

  it("are free and different", async () => {
    const ports = await freePorts(20);
    assert.equal(new Set(ports).size, 20);
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(ports[0], "127.0.0.1", resolve));
    assert.equal(await isPortFree(ports[0] ?? 0), false);
    await new Promise((resolve) => server.close(resolve));
    assert.equal(await isPortFree(ports[0] ?? 0), true);
  });
});

describe("the ports of programs", () => {
  it("are checked together, with a sentence for each that cannot be used", async () => {
    const [taken = 0, free = 0] = await freePorts(2);
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(taken, "127.0.0.1", resolve));
    const at = (name: string, port: number, host = "127.0.0.1") => ({ name, host, port });
    try {
      await assertCanListen([at("goods", free), at("pay", 0), at("user", 0)]);
      await assert.rejects(assertCanListen([at("gateway", taken)]), {
        message: `gateway: cannot listen on 127.0.0.1:${taken}: the port is in use; end the program \
that listens there, or choose another port; or set SHOP_PORT_BASE, or the SHOP_<PROGRAM>_LISTEN of \
the program`,
      });
      const all = [
        at("goods", free),
        at("order", free),
        at("sandbox", taken),
        at("gateway", taken + 1, "203.0.113.1"),
      ];
      await assert.rejects(assertCanListen(all), (error: Error) => {
        const lines = error.message.trim().split("\n");
        assert.equal(lines.length, 4, error.message);
        assert.match(lines[0] ?? "", /order: goods has the same port/);
        assert.match(lines[1] ?? "", /sandbox: .* in use/);
        assert.match(lines[2] ?? "", /gateway: .*this machine does not have that address/);
        return true;
      });
    } finally {
      server.close();
    }
  });
});

describe("ports of test files that run in parallel", () => {
  const before = process.env.MOCHA_WORKER_ID;
  afterEach(() => {
    if (before === undefined) delete process.env.MOCHA_WORKER_ID;
    else process.env.MOCHA_WORKER_ID = before;
  });

  it("are different", async () => {
    const found: number[][] = [];
    for (const worker of ["0", "1", "2"]) {
      process.env.MOCHA_WORKER_ID = worker;
      found.push(await freePorts(200));
    }
    assert.equal(new Set(found.flat()).size, 600);
  });
});

describe("versions of servers", () => {
  it("are read from what each product prints", () => {
    assert.equal(databaseVersion("mysqld  Ver 8.4.3 for Linux on x86_64").flavour, "mysql");
    assert.deepEqual(databaseVersion("5.5.5-10.6.1-MariaDB"), {
      flavour: "mariadb",
      numbers: [10, 6, 1],
    });
    assert.throws(() => databaseVersion("what?"), /has no version/);
  });

  it("are refused below the first one with the features in use", () => {
    for (const good of ["10.6.0-MariaDB", "11.8.3-MariaDB", "8.0.16", "9.7.0"]) {
      assert.equal(databaseTooOld(good), undefined, good);
    }
    for (const old of ["10.5.29-MariaDB", "8.0.15", "5.7.44"]) {
      assert.match(databaseTooOld(old) ?? "", /too old/, old);
    }
    assert.equal(brokerTooOld("nats-server: v2.9.10"), undefined);
    assert.match(brokerTooOld("nats-server: v2.8.4") ?? "", /too old/);
  });
});
