import { decodePageToken, encodePageToken } from "#platform/values/pages.ts";
import type { PaymentLogRow } from "../store/entities.ts";
import { readPaymentLog } from "../store/read-payments.ts";
import { getPayment } from "./get-payment.ts";
import type { Parts } from "./parts.ts";
import { listSize } from "./steps/list-size.ts";

type ListPaymentLog = { paymentId: bigint; pageSize: number; pageToken: string };

/**
 * A page of the callbacks and refunds of a payment with their outcomes, newest first. Refuses with
 * PAYMENT_NOT_FOUND.
 */
export async function listPaymentLog(
  parts: Pick<Parts, "database">,
  { paymentId, pageSize, pageToken }: ListPaymentLog,
): Promise<{ entries: PaymentLogRow[]; nextPageToken: string }> {
  const size = listSize(pageSize);
  const before = decodePageToken(pageToken);
  await getPayment(parts, paymentId, { ownerId: undefined });
  const found = await readPaymentLog(parts.database, { paymentId, before, limit: size + 1 });
  const entries = found.slice(0, size);
  const last = found.length > size ? entries.at(-1) : undefined;
  return { entries, nextPageToken: last ? encodePageToken(last.logId) : "" };
}
