import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { type Call, type Implementation, implement } from "#platform/rpc/server.ts";
import {
  CallbackVerdictSchema,
  CheckoutKind,
  ClosePaymentsOutcome,
  type PaymentLogEntrySchema,
  type PaymentSchema,
  PayService,
  type ProviderSchema,
} from "#proto/shop/pay/v1/pay_pb.ts";
import type { CheckoutAction } from "./domain/payment.ts";
import { closePayments } from "./use-cases/close-payments.ts";
import { createPayment } from "./use-cases/create-payment.ts";
import { getPayment } from "./use-cases/get-payment.ts";
import { handleCallback } from "./use-cases/handle-callback.ts";
import { judgeCallback } from "./use-cases/judge-callback.ts";
import { listPaymentLog } from "./use-cases/list-payment-log.ts";
import { listPayments } from "./use-cases/list-payments.ts";
import { listProviders } from "./use-cases/list-providers.ts";
import type { Parts } from "./use-cases/parts.ts";

type Payment = Awaited<ReturnType<typeof getPayment>>;
type LogEntry = Awaited<ReturnType<typeof listPaymentLog>>["entries"][number];
type CallbackOutcome = Awaited<ReturnType<typeof handleCallback>>;

const CLOSE_OUTCOMES = {
  closed: ClosePaymentsOutcome.CLOSED,
  paid: ClosePaymentsOutcome.PAID,
  unknown: ClosePaymentsOutcome.UNKNOWN,
} as const;

const CHECKOUT_KINDS = {
  redirect: CheckoutKind.REDIRECT,
  qr: CheckoutKind.QR_CODE,
  form: CheckoutKind.FORM,
} as const;

export function payImplementation(parts: Parts): Implementation {
  return implement(PayService, {
    async listProviders() {
      return { providers: listProviders(parts).map(providerMessage) };
    },
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
      return { ...outcome.answer, genuine: outcome.genuine };
    },
    async judgeCallback({ callbackId }, call) {
      const outcome = await judgeCallback(parts, callbackId);
      logOutcome(call, { callbackId: String(callbackId) }, outcome);
      if ("outage" in outcome) throw outcome.outage;
      const { answer, genuine, verdict } = outcome;
      const cause = "cause" in verdict ? verdict.cause : "";
      return { verdict: verdict.kind, cause, answer: { ...answer, genuine } };
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

/**
 * Warns of every refused callback but probes. The line of a genuine one that an operator has to
 * look into has the cause in `alarm`.
 */
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
    const { alarm, verdict, unstored } = outcome;
    // Those that are stored have a line, and so has every thousandth of the others.
    if (unstored !== undefined && unstored % 1_000 !== 1) return;
    const level = verdict.cause === "probe" ? "info" : "warn";
    if (unstored !== undefined) Object.assign(fields, { unstored });
    log[level]({ ...fields, cause: verdict.cause, ...(alarm && { alarm }) }, "callback refused");
  } else if (outcome.alarm !== undefined) {
    log.warn({ ...fields, alarm: outcome.alarm }, "callback is not about this shop");
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
    ...(payment.expireTime && { expireTime: timestampFromDate(payment.expireTime) }),
    refundedCents: payment.refundedCents,
    action: actionMessage(payment.action),
  };
}

function actionMessage(
  action: CheckoutAction | undefined,
): MessageInitShape<typeof PaymentSchema>["action"] {
  switch (action?.kind) {
    case "redirect":
      return { case: "redirect", value: { url: action.url } };
    case "qr": {
      const { text, expireTime } = action;
      return { case: "qrCode", value: { text, expireTime: timestampFromDate(expireTime) } };
    }
    case "form":
      return { case: "form", value: { url: action.url, fields: { ...action.fields } } };
    case undefined:
      return { case: undefined };
  }
}

function providerMessage(
  provider: ReturnType<typeof listProviders>[number],
): MessageInitShape<typeof ProviderSchema> {
  const { name, title, currency: currencyCode, checkout } = provider;
  const checkoutKind = CHECKOUT_KINDS[checkout];
  return { name, titleEn: title.en, titleZh: title.zh, currencyCode, checkoutKind };
}

function entryMessage(entry: LogEntry): MessageInitShape<typeof PaymentLogEntrySchema> {
  const { paymentId, type, detail, logTime } = entry;
  return { paymentId, type, detail, logTime: timestampFromDate(logTime) };
}
