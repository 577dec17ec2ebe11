import { closePage, openPage } from "#platform/values/pages.ts";
import { DEFAULT_LISTED } from "../limits.ts";
import type { PaymentLogRow } from "../store/entities.ts";
import { readPaymentLog } from "../store/read-payments.ts";
import { getPayment } from "./get-payment.ts";
import type { Parts } from "./parts.ts";

type ListPaymentLog = { paymentId: bigint; pageSize: number; pageToken: string };

/**
 * A page of the callbacks and refunds of a payment with their outcomes, newest first. Refuses with
 * PAYMENT_NOT_FOUND.
 */
export async function listPaymentLog(
  parts: Pick<Parts, "database">,
  { paymentId, ...request }: ListPaymentLog,
): Promise<{ entries: PaymentLogRow[]; nextPageToken: string }> {
  const list = "shop.pay.v1.PayService/ListPaymentLog";
  const defaultSize = DEFAULT_LISTED;
  const page = openPage({ ...request, list, filters: [paymentId], defaultSize });
  await getPayment(parts, paymentId, { ownerId: undefined });
  const rows = { paymentId, before: page.cursor, limit: page.limit };
  return closePage(page, await readPaymentLog(parts.database, rows), ({ logId }) => logId);
}
