import assert from "node:assert/strict";
import { Server } from "@grpc/grpc-js";
import { boundDeadlines, boundedTimeout } from "./deadlines.ts";

const rule = { defaultMs: 10_000, maxMs: 60_000 };

describe("boundedTimeout", () => {
  it("gives the default to a call that names no deadline", () => {
    assert.equal(boundedTimeout(undefined, rule), "10000m");
  });

  it("keeps a deadline below the maximum", () => {
    const kept = {
      "1S": "1000m",
      "250m": "250m",
      "0m": "0m",
      "1500u": "2m",
      "1n": "1m",
      "1M": "60000m",
    };
    for (const [header, expected] of Object.entries(kept)) {
      assert.equal(boundedTimeout(header, rule), expected);
    }
  });

  it("shortens a longer deadline to the maximum, also one that exceeds 32 bits", () => {
    for (const header of ["61S", "2M", "99999999H", "99999999S", "1194H", "597H", "99999999M"]) {
      assert.equal(boundedTimeout(header, rule), "60000m");
    }
  });

  it("refuses a malformed header", () => {
    for (const header of ["", "10", "S", "-1S", "1.5S", "999999999S", "1s", "1S ", ["1S", "2S"]]) {
      assert.equal(boundedTimeout(header, rule), undefined);
    }
  });
});

describe("boundDeadlines", () => {
  it("works with the installed grpc-js, and throws for one without the private handler", () => {
    const server = new Server();
    assert.doesNotThrow(() => boundDeadlines(server, () => rule));
    Object.assign(server, { _streamHandler: undefined });
    assert.throws(() => boundDeadlines(server, () => rule), /no _streamHandler/);
    server.forceShutdown();
  });
});
