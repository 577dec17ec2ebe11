import assert from "node:assert/strict";
import { decodePageToken, encodePageToken, pageSize } from "./pages.ts";
import { Reason, Refusal } from "./refusal.ts";

const invalid = (field: string) => (error: unknown) => {
  assert(error instanceof Refusal);
  assert.equal(error.reason, Reason.INVALID_ARGUMENT);
  assert.equal(error.violations[0]?.field, field);
  return true;
};

describe("pages", () => {
  it("decodes every token that it encodes", () => {
    for (const id of [1n, 2n ** 53n + 1n, 2n ** 63n - 1n]) {
      assert.equal(decodePageToken(encodePageToken(id)), id);
    }
  });

  it("decodes an empty token as the first page", () => {
    assert.equal(decodePageToken(""), undefined);
  });

  it("refuses tokens that it cannot have encoded", () => {
    const zero = Buffer.alloc(8).toString("base64url");
    const negative = Buffer.alloc(8, 0xff).toString("base64url");
    const forged = [
      "x",
      "AAAAAAAAAAAA",
      "AAAAAAAAAA=",
      "AAAAAAAAAA!",
      "AAAAAAAAAAF",
      zero,
      negative,
    ];
    for (const token of [...forged, "a".repeat(1_000_000)]) {
      assert.throws(() => decodePageToken(token), invalid("page_token"));
    }
  });

  it("lists 20 entries by default, and at most 100", () => {
    assert.equal(pageSize(0), 20);
    assert.equal(pageSize(1), 1);
    assert.equal(pageSize(100), 100);
    for (const size of [-1, 101, 2 ** 31 - 1, -(2 ** 31)]) {
      assert.throws(() => pageSize(size), invalid("page_size"));
    }
  });
});
