import { MAX_IDENTIFIER } from "./amounts.ts";
import { fingerprint } from "./fingerprint.ts";
import { Reason, Refusal } from "./refusal.ts";

const DEFAULT_PAGE_SIZE = 20;
/** Entries of a page. A larger request gets this many. */
const MAX_PAGE_SIZE = 100;

/**
 * Bytes of the entries of a page, as JSON. The wire allows 4 MiB for a message (platform/rpc), so
 * one entry and what the message adds to it may have 3 MiB.
 */
const MAX_PAGE_BYTES = 1024 * 1024;

const ID_BYTES = 8;
const CHECK_BYTES = 8;
const TOKEN_LENGTH = Math.ceil(((ID_BYTES + CHECK_BYTES) * 4) / 3);

type Filter = string | bigint | number | boolean;

/** A request for a page, as a List rpc receives it. */
export type PageRequest = {
  /** The full name of the rpc, for example `shop.goods.v1.GoodsService/ListGoods`. */
  list: string;
  /** Every field of the request that selects entries. Their order and types are part of tokens. */
  filters: readonly Filter[];
  /** 0 means `defaultSize`. Above 100 means 100. */
  pageSize: number;
  /** Empty for the first page. */
  pageToken: string;
  /** @default 20 */
  defaultSize?: number;
};

type Page = {
  /** The id of the last entry of the previous page. Undefined for the first page. */
  cursor: bigint | undefined;
  /** Rows to read from the store: one more than the page has, which shows that another follows. */
  limit: number;
  list: string;
  filters: readonly Filter[];
};

/**
 * Opens a page of a list:
 *
 *     const page = openPage({ list, filters: [request.userId], ...request });
 *     const rows = await listCoupons(database, { before: page.cursor, limit: page.limit });
 *     const { entries, nextPageToken } = closePage(page, rows, ({ couponId }) => couponId);
 *
 * A token is valid only for the list and the filters that it was made for. Throws INVALID_ARGUMENT
 * for a token of another list, of another filter, or of no list, and for a negative page size.
 * Clients can forge tokens, because they have no secret: the caller still filters by owner.
 */
export function openPage(request: PageRequest): Page {
  const { list, filters, pageSize, pageToken, defaultSize = DEFAULT_PAGE_SIZE } = request;
  if (pageSize < 0) throw invalid("page_size", "must not be negative");
  const size = Math.min(pageSize === 0 ? defaultSize : pageSize, MAX_PAGE_SIZE);
  const page = { list, filters, limit: size + 1 };
  return { ...page, cursor: pageToken === "" ? undefined : decodeToken(page, pageToken) };
}

/**
 * The entries of a page, and the token of the next one; the token is empty after the last entry.
 * A page ends early when its entries reach 1 MiB, but has at least one entry.
 *
 * @param rows what the store found, at most `page.limit` rows
 * @param idOf the id by which the list is ordered
 * @param sizeOf the bytes of a row in an answer; by default those of the row as JSON
 */
export function closePage<T>(
  page: Page,
  rows: readonly T[],
  idOf: (row: T) => bigint,
  sizeOf: (row: T) => number = jsonBytes,
): { entries: T[]; nextPageToken: string } {
  const entries: T[] = [];
  let bytes = 0;
  for (const row of rows.slice(0, page.limit - 1)) {
    bytes += sizeOf(row);
    if (entries.length > 0 && bytes > MAX_PAGE_BYTES) break;
    entries.push(row);
  }
  const last = entries.length < rows.length ? entries.at(-1) : undefined;
  return { entries, nextPageToken: last === undefined ? "" : encodeToken(page, idOf(last)) };
}

/** The approximate bytes of a plain value as JSON, with bigints as decimal strings. */
export function jsonBytes(value: unknown): number {
  if (typeof value === "string") return Buffer.byteLength(value) + 2;
  if (typeof value === "bigint") return 22;
  if (value === null || typeof value !== "object") return 12;
  if (value instanceof Date) return 32;
  if (ArrayBuffer.isView(value)) return Math.ceil((value.byteLength * 4) / 3) + 2;
  let bytes = 2;
  for (const [key, one] of Object.entries(value)) bytes += key.length + 4 + jsonBytes(one);
  return bytes;
}

/** Identifier and check value, because a bare identifier would be valid in every list. */
function encodeToken(page: Pick<Page, "list" | "filters">, id: bigint): string {
  const bytes = Buffer.alloc(ID_BYTES + CHECK_BYTES);
  bytes.writeBigInt64BE(id);
  fingerprint([page.list, ...page.filters, id]).copy(bytes, ID_BYTES, 0, CHECK_BYTES);
  return bytes.toString("base64url");
}

function decodeToken(page: Pick<Page, "list" | "filters">, token: string): bigint {
  const bytes = token.length === TOKEN_LENGTH ? Buffer.from(token, "base64url") : Buffer.alloc(0);
  const id = bytes.length === ID_BYTES + CHECK_BYTES ? bytes.readBigInt64BE() : 0n;
  if (id < 1n || id > MAX_IDENTIFIER || encodeToken(page, id) !== token) {
    throw invalid("page_token", "must come from an earlier answer to the same query");
  }
  return id;
}

function invalid(field: string, description: string): Refusal {
  return new Refusal(Reason.INVALID_ARGUMENT, {}, [{ field, description }]);
}
