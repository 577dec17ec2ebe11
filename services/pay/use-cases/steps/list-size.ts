import { pageSize } from "#platform/values/pages.ts";
import { DEFAULT_LISTED } from "../../limits.ts";

/** The number of entries of a page: as requested, or DEFAULT_LISTED for 0. */
export function listSize(requested: number): number {
  return pageSize(requested === 0 ? DEFAULT_LISTED : requested);
}
