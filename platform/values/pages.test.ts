import assert from "node:assert/strict";
import { closePage, openPage, type PageRequest } from "./pages.ts";
import { Reason, Refusal } from "./refusal.ts";

const invalid = (field: string) => (error: unknown) => {
  assert(error instanceof Refusal);
  assert.equal(error.reason, Reason.INVALID_ARGUMENT);
  assert.equal(error.violations[0]?.field, field);
  return true;
};

const first: PageRequest = {
  list: "ListGoods",
  filters: ["shoes", 1n],
  pageSize: 2,
  pageToken: "",
};
const ids = (count: number) => Array.from({ length: count }, (_, index) => BigInt(index + 1));
/** The token of the page after the object `id`. */
const tokenAfter = (request: PageRequest, id: bigint) =>
  closePage(openPage({ ...request, pageSize: 1 }), [id, id + 1n], (row) => row).nextPageToken;

describe("pages", () => {
  it("continue after the last entry of the page before", () => {
    for (const id of [1n, 2n ** 53n + 1n, 2n ** 63n - 1n]) {
      const pageToken = tokenAfter(first, id);
      assert.equal(openPage({ ...first, pageToken }).cursor, id);
    }
    assert.equal(openPage(first).cursor, undefined);
  });

  it("end without a token", () => {
    const page = openPage(first);
    assert.deepEqual(
      closePage(page, ids(2), (id) => id),
      { entries: ids(2), nextPageToken: "" },
    );
    assert.deepEqual(
      closePage(page, [], (id) => id),
      { entries: [], nextPageToken: "" },
    );
    assert.notEqual(closePage(page, ids(3), (id) => id).nextPageToken, "");
  });

  it("refuse the token of another list, filter or type of filter", () => {
    const pageToken = tokenAfter(first, 42n);
    const others: Partial<PageRequest>[] = [
      { list: "ListOrders" },
      { filters: ["boots", 1n] },
      { filters: ["shoes", 2n] },
      { filters: ["shoes", 1] },
      { filters: ["shoes"] },
      { filters: [] },
      { filters: ["shoes", 1n, ""] },
    ];
    for (const other of others) {
      const request = { ...first, ...other, pageToken };
      assert.throws(() => openPage(request), invalid("page_token"), JSON.stringify(other.list));
    }
    assert.equal(openPage({ ...first, pageSize: 7, pageToken }).cursor, 42n);
  });

  it("refuse a token that no list made", () => {
    const real = tokenAfter(first, 42n);
    const forged = [
      "x",
      Buffer.alloc(8).toString("base64url"),
      Buffer.alloc(16).toString("base64url"),
      Buffer.alloc(16, 0xff).toString("base64url"),
      `${real}=`,
      ` ${real}`,
      real.slice(0, -1),
      `${real.slice(0, -1)}!`,
      `B${real.slice(1)}`,
      "a".repeat(1_000_000),
    ];
    for (const pageToken of forged) {
      assert.throws(() => openPage({ ...first, pageToken }), invalid("page_token"));
    }
  });

  it("have 20 entries by default and 100 at most, and refuse a negative size", () => {
    const sizeFor = (pageSize: number, rest = {}) =>
      openPage({ ...first, ...rest, pageSize }).limit - 1;
    assert.deepEqual(
      [0, 1, 100, 101, 2 ** 31 - 1].map((size) => sizeFor(size)),
      [20, 1, 100, 100, 100],
    );
    assert.equal(sizeFor(0, { defaultSize: 50 }), 50);
    for (const pageSize of [-1, -(2 ** 31)]) {
      assert.throws(() => openPage({ ...first, pageSize }), invalid("page_size"));
    }
  });

  it("end early when they reach 1 MiB, and lose no entry", () => {
    const rows = ids(50).map((id) => ({ id, lines: [{ text: "東".repeat(100_000) }] }));
    const read: bigint[] = [];
    let pageToken = "";
    do {
      const page = openPage({ ...first, pageSize: 100, pageToken });
      const found = rows.filter(({ id }) => id > (page.cursor ?? 0n)).slice(0, page.limit);
      const closed = closePage(page, found, ({ id }) => id);
      assert.ok(Buffer.byteLength(JSON.stringify(closed.entries, stringOfBigint)) <= 1024 * 1024);
      read.push(...closed.entries.map(({ id }) => id));
      pageToken = closed.nextPageToken;
    } while (pageToken !== "");
    assert.deepEqual(read, ids(50));
  });

  it("have one entry that is larger than that alone", () => {
    const rows = [1n, 2n].map((id) => ({ id, text: "x".repeat(2 * 1024 * 1024) }));
    const { entries, nextPageToken } = closePage(openPage(first), rows, ({ id }) => id);
    assert.equal(entries.length, 1);
    assert.notEqual(nextPageToken, "");
  });
});

const stringOfBigint = (_: string, value: unknown) =>
  typeof value === "bigint" ? String(value) : value;
