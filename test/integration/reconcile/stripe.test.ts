import assert from "node:assert/strict";
import { type Order, PayStatus, RefundStatus } from "#proto/shop/order/v1/order_pb.ts";
import { eventually } from "../../../testbed/eventually.ts";
import { auditShop, brokenIn } from "../../../testbed/orders/audit.ts";
import { newKey } from "../../../testbed/orders/fixtures.ts";
import type { Shop } from "../../../testbed/shop/shop.ts";
import { commandEnv, run, today } from "./commands.ts";
import { STRIPE } from "./statement-files.ts";
import { describeReconciling } from "./suite.ts";

describeReconciling("stripe", {
  currency: "EUR",
  aheadMs: 0,
  files: STRIPE,
  numberOf: ({ references }) => references.session ?? "",

  /** A refund that comes back, and disputes that are open and won. */
  async onDay({ shop, payBy }) {
    const { order } = await payBy("card");
    await payBy("dispute");
    const won = await payBy("dispute");
    const number = won.paid.references.session;
    await shop.simulators.stripe.command("close-dispute", { number, won: true });
    await takeBack(shop, order);
    await eventually(async () => {
      const [row] = await shop.sql<{ taken: bigint; given: bigint }>(
        "pay",
        "select count(withdrawn_time) as taken, count(reinstated_time) as given from disputes",
      );
      assert.deepEqual(row, { taken: 2n, given: 1n });
    });
    const { stdout } = await run("books", ["--day", today(), "--json"], commandEnv(shop));
    const { accounts } = JSON.parse(stdout);
    const balances = accounts as { account: string; balance: string }[];
    // One dispute of 12.34 and 10.00 for shipping is lost so far.
    assert.equal(balances.find(({ account }) => account === "disputes")?.balance, "22.34");
    const broken = brokenIn(await auditShop(shop));
    assert.deepEqual(
      broken.filter((line) => line.startsWith("deposits-are-explained")),
      [],
    );
  },
});

/** Refunds the order; the bank sends the money back, and the shop refunds it again. */
async function takeBack(shop: Shop, { orderId }: Order): Promise<void> {
  const request = { requestId: newKey(), orderId, lines: [], note: "", goodwillCents: 0n };
  await shop.admin.order.refundOrder(request);
  await eventually(async () => {
    const { order } = await shop.admin.order.getOrder({ orderId });
    assert.equal(order?.payStatus, PayStatus.REFUNDED);
  });
  const [refund] = await shop.sql<{ reference: string }>(
    "pay",
    "select reference from refunds where order_id = ?",
    [orderId],
  );
  await shop.simulators.stripe.settle(refund?.reference ?? "", "failed");
  await eventually(async () => {
    const [row] = await shop.sql<{ reopens: number; status: number }>(
      "order",
      "select reopens, status from refunds where order_id = ?",
      [orderId],
    );
    assert.ok(row && row.reopens > 0 && row.status === RefundStatus.SUCCEEDED);
  });
}
