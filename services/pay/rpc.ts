import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { type Call, type Implementation, implement } from "#platform/rpc/server.ts";
import {
  ClosePaymentsOutcome,
  type PaymentLogEntrySchema,
  type PaymentSchema,
  PayService,
} from "#proto/shop/pay/v1/pay_pb.ts";
import { closePayments } from "./use-cases/close-payments.ts";
import { createPayment } from "./use-cases/create-payment.ts";
import { getPayment, listPaymentLog, listPayments } from "./use-cases/get-payment.ts";
import { type CallbackOutcome, handleCallback, judgeAgain } from "./use-cases/handle-callback.ts";
import type { Parts } from "./use-cases/parts.ts";

type Payment = Awaited<ReturnType<typeof getPayment>>;
type LogEntry = Awaited<ReturnType<typeof listPaymentLog>>[number];

const OUTCOMES = {
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
    async listPayments({ orderId }, call) {
      return { payments: (await listPayments(parts, orderId, call)).map(paymentMessage) };
    },
    async handleCallback({ provider, headers, body }, call) {
      const { traceparent } = call;
      const outcome = await handleCallback(parts, { provider, headers, body, traceparent });
      tell(call, { provider }, outcome);
      return outcome.answer;
    },
    async judgeCallback({ callbackId }, call) {
      const outcome = await judgeAgain(parts, callbackId);
      tell(call, { callbackId: String(callbackId) }, outcome);
      const { answer, judgement } = outcome;
      if (!judgement) throw outcome.trouble ?? new Error("a callback was not judged");
      const cause = "cause" in judgement ? judgement.cause : "";
      return { verdict: judgement.verdict, cause, answer };
    },
    async closePayments({ orderIds }, call) {
      const outcomes = await closePayments(parts, orderIds, call);
      const results = outcomes.map(({ orderId, outcome }) => {
        return { orderId, outcome: OUTCOMES[outcome] };
      });
      return { results };
    },
    async listPaymentLog({ paymentId }) {
      return { entries: (await listPaymentLog(parts, paymentId)).map(entryMessage) };
    },
  });
}

/** Whoever watches the shop sees each refused callback: a person may have to look. */
function tell(
  call: Call,
  callback: { provider: string } | { callbackId: string },
  outcome: CallbackOutcome,
): void {
  const { judgement, paymentId, trouble } = outcome;
  const fields = { ...callback, ...(paymentId !== undefined && { paymentId: String(paymentId) }) };
  if (!judgement) call.log.warn({ ...fields, err: trouble }, "a callback could not be recorded");
  else if ("cause" in judgement) {
    call.log.warn({ ...fields, cause: judgement.cause }, "callback refused");
  } else {
    call.log.info({ ...fields, verdict: judgement.verdict }, "callback taken");
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
    providerTradeId: payment.providerTradeId ?? "",
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
