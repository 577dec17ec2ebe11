import { MAX_QUANTITY } from "#platform/values/amounts.ts";
import type { Checks } from "#platform/values/checks.ts";

/** Checks the lines of a request: their number, goods ids and quantities, and no goods twice. */
export function checkLines(
  checks: Checks,
  lines: readonly { goodsId: bigint; quantity: bigint }[],
  count: { min: number; max: number },
): void {
  checks.count("lines", lines, count);
  const seen = new Set<bigint>();
  for (const [index, { goodsId, quantity }] of lines.slice(0, count.max).entries()) {
    const field = `lines[${index}].goods_id`;
    checks.identifier(field, goodsId);
    checks.integer(`lines[${index}].quantity`, quantity, { min: 1n, max: MAX_QUANTITY });
    checks.that(field, !seen.has(goodsId), "must not appear on two lines");
    seen.add(goodsId);
  }
}
