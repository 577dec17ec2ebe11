import type { Database } from "#platform/db/database.ts";
import {
  PaymentEntity,
  PaymentLogEntity,
  type PaymentLogRow,
  type PaymentRow,
} from "./entities.ts";

/** One payment, of this user if `ownerId` is set, else of any user. */
export async function findPayment(
  database: Database,
  query: { paymentId: bigint; ownerId?: bigint | undefined },
): Promise<PaymentRow | undefined> {
  const found = await database.read((em) =>
    em.findOne(PaymentEntity, {
      paymentId: query.paymentId,
      ...(query.ownerId !== undefined && { userId: query.ownerId }),
    }),
  );
  return found ?? undefined;
}

/** The payments of an order, oldest first. */
export function paymentsOfOrder(
  database: Database,
  query: { orderId: bigint; ownerId: bigint | undefined; limit: number },
): Promise<PaymentRow[]> {
  return database.read((em) =>
    em.find(
      PaymentEntity,
      {
        orderId: query.orderId,
        ...(query.ownerId !== undefined && { userId: query.ownerId }),
      },
      { orderBy: { paymentId: "asc" }, limit: query.limit },
    ),
  );
}

/** The log of a payment, oldest entry first. */
export function readPaymentLog(
  database: Database,
  query: { paymentId: bigint; limit: number },
): Promise<PaymentLogRow[]> {
  return database.read((em) =>
    em.find(
      PaymentLogEntity,
      { paymentId: query.paymentId },
      { orderBy: { logTime: "asc", logId: "asc" }, limit: query.limit },
    ),
  );
}
