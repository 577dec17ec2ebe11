import assert from "node:assert/strict";
import type { IncomingMessage } from "node:http";
import { mayControl } from "./may-control.ts";

describe("the control interface of a simulator", () => {
  const from = (remoteAddress: string, host: string) =>
    ({ socket: { remoteAddress }, headers: { host } }) as unknown as IncomingMessage;

  it("is for clients of this machine that name it by an address or as localhost", () => {
    for (const host of ["127.0.0.1:50058", "localhost:50058", "[::1]:50058"]) {
      assert.equal(mayControl("loopback", from("127.0.0.1", host)), true, host);
      assert.equal(mayControl("loopback", from("::ffff:127.0.0.1", host)), true, host);
      assert.equal(mayControl("loopback", from("192.0.2.1", host)), false, host);
    }
  });

  it("is not for a page whose name resolves to this machine", () => {
    for (const host of ["rebound.example:50058", "localhost.example", "127.0.0.1.example", ""]) {
      assert.equal(mayControl("loopback", from("127.0.0.1", host)), false, host);
      assert.equal(mayControl("any", from("127.0.0.1", host)), true, host);
      assert.equal(mayControl("off", from("127.0.0.1", "localhost")), false);
    }
  });
});
