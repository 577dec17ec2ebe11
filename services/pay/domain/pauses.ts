/** The pause after the n-th try, n from 0: twice as long each time, up to `maxMs`. */
export function growingPause(
  tries: number,
  { firstMs, maxMs }: { firstMs: number; maxMs: number },
) {
  return Math.min(firstMs * 2 ** Math.min(tries, 30), Math.max(firstMs, maxMs));
}
