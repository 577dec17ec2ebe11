import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { type Call, type Implementation, implement } from "#platform/rpc/server.ts";
import {
  CallbackVerdictSchema,
  ClosePaymentsOutcome,
  type PaymentLogEntrySchema,
  type PaymentSchema,
  PayService,
} from "#proto/shop/pay/v1/pay_pb.ts";
import { closePayments } from "./use-cases/close-payments.ts";
import { createPayment } from "./use-cases/create-payment.ts";
import { getPayment } from "./use-cases/get-payment.ts";
import { handleCallback } from "./use-cases/handle-callback.ts";
import { judgeCallback } from "./use-cases/judge-callback.ts";
import { listPaymentLog } from "./use-cases/list-payment-log.ts";
import { listPayments } from "./use-cases/list-payments.ts";
import type { Parts } from "./use-cases/parts.ts";

type Payment = Awaited<ReturnType<typeof getPayment>>;
type LogEntry = Awaited<ReturnType<typeof listPaymentLog>>["entries"][number];
type CallbackOutcome = Awaited<ReturnType<typeof handleCallback>>;

const CLOSE_OUTCOMES = {
  closed: ClosePaymentsOutcome.CLOSED,
  paid: ClosePaymentsOutcome.PAID,
  unknown: ClosePaymentsOutcome.UNKNOWN,
} as const;

export function payImplementation(parts: Parts): Implementation {
  return implement(PayService, {
    async createPayment({ orderId, provider, returnUrl }, call) {
      const command = { orderId, provider, returnUrl };
      const payment = await createPayment(parts, command, call);
      const { paymentId } = payment;
      call.log.info({ orderId: String(orderId), paymentId: String(paymentId) }, "payment started");
      return { payment: paymentMessage(payment) };
    },
    async getPayment({ paymentId }, call) {
      return { payment: paymentMessage(await getPayment(parts, paymentId, call)) };
    },
    async listPayments(request, call) {
      const { payments, nextPageToken } = await listPayments(parts, request, call);
      return { payments: payments.map(paymentMessage), nextPageToken };
    },
    async handleCallback({ provider, headers, body }, call) {
      const { traceparent } = call;
      const outcome = await handleCallback(parts, { provider, headers, body, traceparent });
      logOutcome(call, { provider }, outcome);
      return outcome.answer;
    },
    async judgeCallback({ callbackId }, call) {
      const outcome = await judgeCallback(parts, callbackId);
      logOutcome(call, { callbackId: String(callbackId) }, outcome);
      if ("outage" in outcome) throw outcome.outage;
      const { answer, verdict } = outcome;
      const cause = "cause" in verdict ? verdict.cause : "";
      return { verdict: verdict.kind, cause, answer };
    },
    async closePayments({ orderIds }, call) {
      const outcomes = await closePayments(parts, orderIds, call);
      const results = outcomes.map(({ orderId, outcome }) => {
        return { orderId, outcome: CLOSE_OUTCOMES[outcome] };
      });
      return { results };
    },
    async listPaymentLog(request) {
      const { entries, nextPageToken } = await listPaymentLog(parts, request);
      return { entries: entries.map(entryMessage), nextPageToken };
    },
  });
}

/** Warns of every refused callback but probes: an operator may have to look into it. */
function logOutcome(
  { log }: Call,
  callback: { provider: string } | { callbackId: string },
  outcome: CallbackOutcome,
): void {
  const { paymentId } = outcome;
  const fields = { ...callback, ...(paymentId !== undefined && { paymentId: String(paymentId) }) };
  if ("outage" in outcome) {
    log.warn({ ...fields, err: outcome.outage }, "callback could not be stored");
  } else if ("cause" in outcome.verdict) {
    const { cause } = outcome.verdict;
    log[cause === "probe" ? "info" : "warn"]({ ...fields, cause }, "callback refused");
  } else {
    const verdict = CallbackVerdictSchema.value[outcome.verdict.kind]?.localName;
    log.info({ ...fields, verdict }, "callback taken");
  }
}

function paymentMessage(payment: Payment): MessageInitShape<typeof PaymentSchema> {
  return {
    paymentId: payment.paymentId,
    orderId: payment.orderId,
    userId: payment.userId,
    amountCents: payment.amountCents,
    currencyCode: payment.currency,
    status: payment.status,
    provider: payment.provider,
    providerTradeId: payment.tradeId ?? "",
    checkoutUrl: payment.checkoutUrl,
    createTime: timestampFromDate(payment.createTime),
    ...(payment.payTime && { payTime: timestampFromDate(payment.payTime) }),
    refundedCents: payment.refundedCents,
  };
}

function entryMessage(entry: LogEntry): MessageInitShape<typeof PaymentLogEntrySchema> {
  const { paymentId, type, detail, logTime } = entry;
  return { paymentId, type, detail, logTime: timestampFromDate(logTime) };
}
