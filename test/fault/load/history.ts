import type { ServiceError } from "@grpc/grpc-js";
import { status } from "@grpc/grpc-js";
import { Outage, Reason, Refusal, reasonName } from "#platform/values/refusal.ts";
import { SimulatorRefusal } from "../../../simulators/providers/client.ts";
import { SandboxRefusal } from "../../../simulators/sandbox/client.ts";
import type { ProviderName } from "./wallet.ts";

/**
 * The answer to one attempt. "unknown": no answer, or one that says nothing about the effect; the
 * client asks again with the same request.
 */
export type Answer =
  | { kind: "ok"; id: bigint }
  | { kind: "refused"; reason: string }
  | { kind: "unknown"; why: string };

type Attempt = { askedMs: number; answeredMs: number; answer: Answer };

type PlacedLine = { goodsId: bigint; quantity: bigint; unitPriceCents: bigint };

/**
 * A request by kind. The id of its OK answer is a payment's for "open-payment" and "pay", and an
 * order's otherwise.
 */
export type Request =
  | {
      kind: "place";
      requestId: string;
      lines: PlacedLine[];
      orderAmountCents: bigint;
      couponId: bigint;
      balanceCents: bigint;
    }
  | { kind: "open-payment"; orderId: bigint; provider: ProviderName }
  /** The shopper pays at the provider. */
  | { kind: "pay"; orderId: bigint; paymentId: bigint }
  | { kind: "cancel"; orderId: bigint }
  | {
      kind: "refund";
      orderId: bigint;
      requestId: string;
      lines: { goodsId: bigint; quantity: bigint }[];
      /** Refunded without goods. */
      goodwillCents: bigint;
    }
  | { kind: "ship"; orderId: bigint; trackingNumber: string }
  | { kind: "receive"; orderId: bigint };

/** One request of a client with all attempts, which are identical. */
export type Operation<W extends Request = Request> = {
  userId: bigint;
  request: W;
  attempts: Attempt[];
  /** Asks, or asks again, and records the answer. */
  ask(): Promise<Answer>;
};

export type History = {
  operations: Operation[];
  /** Answers that are wrong by themselves, such as one that the contract excludes. */
  contradictions: string[];
};

/** Reasons that ask the client to retry, and mean that nothing is decided. */
const PASSING = new Set<Reason>([
  Reason.RATE_LIMITED,
  Reason.REQUEST_IN_PROGRESS,
  Reason.PROVIDER_UNAVAILABLE,
]);

/** Runs a call and turns its result into an answer. Errors of the test itself are thrown. */
export async function answerTo(call: () => Promise<bigint>): Promise<Answer> {
  try {
    return { kind: "ok", id: await call() };
  } catch (error) {
    if (error instanceof Refusal) {
      const reason = reasonName(error.reason);
      return PASSING.has(error.reason)
        ? { kind: "unknown", why: reason }
        : { kind: "refused", reason };
    }
    if (error instanceof Outage) return { kind: "unknown", why: statusOf(error) };
    if (error instanceof SandboxRefusal || error instanceof SimulatorRefusal)
      return providerAnswer(error);
    // Errors of fetch: "fetch failed", or a TimeoutError.
    if (error instanceof TypeError || error instanceof DOMException) {
      return { kind: "unknown", why: error.message };
    }
    throw error;
  }
}

function statusOf(outage: Outage): string {
  const code = (outage.cause as Partial<ServiceError> | undefined)?.code;
  return code === undefined ? outage.message : (status[code] ?? String(code));
}

function providerAnswer(refusal: SandboxRefusal | SimulatorRefusal): Answer {
  const code = Number(/: (\d{3}) /.exec(`${refusal.message} `)?.[1] ?? 0);
  return code >= 400 && code < 500
    ? { kind: "refused", reason: `provider ${code}` }
    : { kind: "unknown", why: `provider ${code}` };
}

export function answersOf({ attempts }: Operation): Answer[] {
  return attempts.map(({ answer }) => answer);
}

/** The first answer that is not unknown; undefined while there is none. */
export function settledAnswer(
  operation: Operation,
): Exclude<Answer, { kind: "unknown" }> | undefined {
  return answersOf(operation).find((answer) => answer.kind !== "unknown");
}

/** The id of the OK answer; undefined without one. */
export function idOf(operation: Operation): bigint | undefined {
  const answer = answersOf(operation).find(({ kind }) => kind === "ok");
  return answer?.kind === "ok" ? answer.id : undefined;
}

/** Whether an attempt had no answer, and so may have had the effect. */
export function wasEverUnknown(operation: Operation): boolean {
  return answersOf(operation).some(({ kind }) => kind === "unknown");
}

export function operationsOf<K extends Request["kind"]>(
  history: History,
  kind: K,
): Operation<Extract<Request, { kind: K }>>[] {
  return history.operations.filter(({ request }) => request.kind === kind) as Operation<
    Extract<Request, { kind: K }>
  >[];
}
