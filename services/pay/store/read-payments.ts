import type { Database } from "#platform/db/database.ts";
import {
  INTERNAL,
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
  const where = { paymentId: query.paymentId, ...ownedBy(query.ownerId) };
  const found = await database.read((em) =>
    em.findOne(PaymentEntity, where, { exclude: INTERNAL }),
  );
  return found ?? undefined;
}

/** The payments of an order, oldest first. */
export function paymentsOfOrder(
  database: Database,
  query: { orderId: bigint; ownerId: bigint | undefined; limit: number },
): Promise<PaymentRow[]> {
  const where = { orderId: query.orderId, ...ownedBy(query.ownerId) };
  const { limit } = query;
  const options = { orderBy: { paymentId: "asc" }, limit, exclude: INTERNAL } as const;
  return database.read((em) => em.find(PaymentEntity, where, options));
}

/** The log of a payment, oldest entry first. */
export function readPaymentLog(
  database: Database,
  query: { paymentId: bigint; limit: number },
): Promise<PaymentLogRow[]> {
  const { paymentId, limit } = query;
  const options = { orderBy: { logTime: "asc", logId: "asc" }, limit } as const;
  return database.read((em) => em.find(PaymentLogEntity, { paymentId }, options));
}

const ownedBy = (ownerId: bigint | undefined) => (ownerId === undefined ? {} : { userId: ownerId });
