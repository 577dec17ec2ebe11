/**
 * Keys in one `in (...)`: from 1,000 on MariaDB turns the list into a join, and may then lock the rows in another order
 * than by key.
 */
const MAX_KEYS = 500;

/** The distinct keys in ascending order, in lists short enough for one `in (...)`: the order to lock rows in. */
export function keyLists(keys: Iterable<bigint>): bigint[][] {
  const sorted = [...new Set(keys)].sort((a, b) => (a < b ? -1 : 1));
  const lists: bigint[][] = [];
  for (let start = 0; start < sorted.length; start += MAX_KEYS) {
    lists.push(sorted.slice(start, start + MAX_KEYS));
  }
  return lists;
}
