import { MAX_IDENTIFIER } from "./amounts.ts";
import { Reason, Refusal } from "./refusal.ts";

const DEFAULT_PAGE_SIZE = 20;
const MAX_PAGE_SIZE = 100;

/** The token of the page after the object `id`. Opaque to clients, but not secret. */
export function encodePageToken(id: bigint): string {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(id);
  return bytes.toString("base64url");
}

/**
 * The identifier in a page token; undefined for the first page. Throws INVALID_ARGUMENT for any
 * other text. Clients can forge tokens, so the caller must still filter by owner.
 */
export function decodePageToken(token: string): bigint | undefined {
  if (token === "") return undefined;
  const bytes = token.length === 11 ? Buffer.from(token, "base64url") : undefined;
  const id = bytes?.length === 8 ? bytes.readBigInt64BE() : 0n;
  if (id < 1n || id > MAX_IDENTIFIER || encodePageToken(id) !== token) {
    throw invalid("page_token", "must come from an earlier answer");
  }
  return id;
}

/** The number of entries of a page: as requested, 1 to 100, or 20 for 0. Else INVALID_ARGUMENT. */
export function pageSize(requested: number): number {
  if (requested === 0) return DEFAULT_PAGE_SIZE;
  if (requested < 1 || requested > MAX_PAGE_SIZE) {
    throw invalid("page_size", `must be from 0 to ${MAX_PAGE_SIZE}`);
  }
  return requested;
}

function invalid(field: string, description: string): Refusal {
  return new Refusal(Reason.INVALID_ARGUMENT, {}, [{ field, description }]);
}
