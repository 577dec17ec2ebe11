/** The pause after try number `tries`, counted from 0: doubles with each try, up to `maxMs`. */
export function growingPause(
  tries: number,
  { firstMs, maxMs }: { firstMs: number; maxMs: number },
) {
  return Math.min(firstMs * 2 ** Math.min(tries, 30), Math.max(firstMs, maxMs));
}
