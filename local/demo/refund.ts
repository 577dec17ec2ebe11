import { type Order, RefundStatus } from "#proto/shop/order/v1/order_pb.ts";
import { CommandError } from "../../ops/command/command.ts";
import { followOrder } from "./follow.ts";
import type { Demo } from "./prepare.ts";
import { enumText, stateOf } from "./story.ts";

const FINAL: RefundStatus[] = [RefundStatus.SUCCEEDED, RefundStatus.FAILED];

/** Refunds the first line of the order and waits until the refund is through. */
export async function refundLine(demo: Demo, order: Order): Promise<void> {
  const { admin, shopper, goods, story, money } = demo;
  const [line] = order.lines;
  story.chapter(`An administrator refunds one line: ${line?.quantity} x ${goods[0]?.name}`);
  await admin.order.refundOrder({
    requestId: `demo-${order.orderId}`,
    orderId: order.orderId,
    lines: order.lines.slice(0, 1),
    note: "the lid does not close",
  });
  story.line("refund requested");
  const after = await followOrder(shopper, order.orderId, {
    until: ({ refunds }) => refunds.some(({ status }) => FINAL.includes(status)),
    onChange: (now) => story.line(`order: ${stateOf(now)}`),
  });
  for (const { status, payAmountCents, balanceCents } of after.refunds) {
    const [paid, balance] = [money(payAmountCents), money(balanceCents)];
    const parts = `${paid} through the provider, ${balance} to the balance`;
    story.line(`refund ${enumText(RefundStatus, status)}: ${parts}`);
    if (status === RefundStatus.REQUIRES_ACTION) {
      throw new CommandError("the provider refunds only after an operator has acted");
    }
  }
}
