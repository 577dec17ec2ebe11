import type { Database } from "#platform/db/database.ts";
import type { CheckoutAction } from "../domain/payment.ts";
import {
  INTERNAL,
  PaymentEntity,
  PaymentLogEntity,
  type PaymentLogRow,
  type PaymentRow,
} from "./entities.ts";
import { actionOf } from "./stored-payment.ts";

/** A payment as callers see it. */
export type Payment = Omit<PaymentRow, "checkoutAction"> & {
  /** Undefined until the provider has opened the payment. */
  action: CheckoutAction | undefined;
};

/** One payment, of this user if `ownerId` is set, else of any user. */
export async function findPayment(
  database: Database,
  query: { paymentId: bigint; ownerId?: bigint | undefined },
): Promise<Payment | undefined> {
  const where = { paymentId: query.paymentId, ...ownedBy(query.ownerId) };
  const found = await database.read((em) =>
    em.findOne(PaymentEntity, where, { exclude: INTERNAL }),
  );
  return found ? shown(found) : undefined;
}

/** The payments of an order that are newer than the payment `after`, oldest first. */
export async function paymentsOfOrder(
  database: Database,
  query: {
    orderId: bigint;
    ownerId: bigint | undefined;
    after: bigint | undefined;
    limit: number;
  },
): Promise<Payment[]> {
  const { orderId, ownerId, after, limit } = query;
  const newer = after === undefined ? {} : { paymentId: { $gt: after } };
  const where = { orderId, ...newer, ...ownedBy(ownerId) };
  const options = { orderBy: { paymentId: "asc" }, limit, exclude: INTERNAL } as const;
  const found = await database.read((em) => em.find(PaymentEntity, where, options));
  return found.map(shown);
}

/** The entries of a payment's log that are older than the entry `before`, newest first. */
export function readPaymentLog(
  database: Database,
  query: { paymentId: bigint; before: bigint | undefined; limit: number },
): Promise<PaymentLogRow[]> {
  const { paymentId, before, limit } = query;
  const where = { paymentId, ...(before !== undefined && { logId: { $lt: before } }) };
  const options = { orderBy: { logId: "desc" }, limit } as const;
  return database.read((em) => em.find(PaymentLogEntity, where, options));
}

function shown({ checkoutAction, ...row }: PaymentRow): Payment {
  return { ...row, action: actionOf({ checkoutAction, ...row }) };
}

const ownedBy = (ownerId: bigint | undefined) => (ownerId === undefined ? {} : { userId: ownerId });
