import { forEachInFlight } from "../../../ops/replay/in-flight.ts";
import { persistently } from "../../../ops/replay/shop.ts";
import type { Market } from "../load/market.ts";
import { errandsOf, idOf } from "../load/memory.ts";
import type { Facts } from "./facts.ts";
import type { Findings } from "./findings.ts";

const IN_FLIGHT = 8;

/** Asks the service for every order that was acknowledged since the last judgement: it must know what is stored. */
export async function judgeAnswers(
  { system, memory }: Market,
  facts: Facts,
  { findings, sinceMs }: { findings: Findings; sinceMs: number },
): Promise<void> {
  const fresh = errandsOf(memory, "place").filter(
    ({ attempts }) => (attempts.at(-1)?.answeredMs ?? 0) >= sinceMs,
  );
  await forEachInFlight(fresh, IN_FLIGHT, async (placed) => {
    const orderId = idOf(placed);
    if (orderId === undefined) return;
    const { order: orders } = system.direct.user(placed.userId);
    const answer = await persistently(() => orders.getOrder({ orderId })).then(
      ({ order }) => order,
      (error: Error) => error,
    );
    const stored = facts.orders.get(orderId);
    if (answer instanceof Error) {
      findings.lost.push(`order ${orderId} is answered ${answer.message}`);
    } else if (
      answer?.orderStatus !== stored?.order_status ||
      answer?.payStatus !== stored?.pay_status ||
      answer?.orderAmountCents !== placed.wish.orderAmountCents
    ) {
      findings.lost.push(`order ${orderId} is answered as something else than what is stored`);
    }
  });
}
