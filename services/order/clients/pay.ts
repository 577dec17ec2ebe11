import { type CallOptions, type ClientOptions, createClient } from "#platform/rpc/clients.ts";
import { ClosePaymentsOutcome, PayService } from "#proto/shop/pay/v1/pay_pb.ts";

/** "unknown" if the provider did not answer: try again. */
type ClosedPayments = "closed" | "paid" | "unknown";

export type PayClient = {
  /** Closes the open payments of the orders at the providers. Returns an answer for each order. */
  closePayments(orderIds: bigint[], options: CallOptions): Promise<Map<bigint, ClosedPayments>>;
  close(): void;
};

const OUTCOMES: Record<number, ClosedPayments> = {
  [ClosePaymentsOutcome.CLOSED]: "closed",
  [ClosePaymentsOutcome.PAID]: "paid",
};

export function payClient(options: ClientOptions): PayClient {
  const client = createClient(PayService, options);
  return {
    async closePayments(orderIds, call) {
      const { results } = await client.closePayments({ orderIds }, call);
      return new Map(results.map((one) => [one.orderId, OUTCOMES[one.outcome] ?? "unknown"]));
    },
    close: client.close,
  };
}
