import type { ServiceError } from "@grpc/grpc-js";
import { status } from "@grpc/grpc-js";
import { Outage, Reason, Refusal, reasonName } from "#platform/values/refusal.ts";
import { SandboxRefusal } from "../../../simulators/sandbox/client.ts";

/**
 * What a client was told. Unknown: no answer, or one that says nothing about the effect; whoever wants to know asks again
 * with the same request.
 */
export type Answer =
  | { kind: "ok"; id: bigint }
  | { kind: "refused"; reason: string }
  | { kind: "unknown"; why: string };

type Attempt = { askedMs: number; answeredMs: number; answer: Answer };

type PlacedLine = { goodsId: bigint; quantity: bigint; unitPriceCents: bigint };

/** What was asked for, by kind; `id` of an OK answer is the order's, the payment's, or again the order's. */
export type Request =
  | {
      kind: "place";
      requestId: string;
      lines: PlacedLine[];
      orderAmountCents: bigint;
      couponId: bigint;
      balanceCents: bigint;
    }
  | { kind: "open-payment"; orderId: bigint }
  /** The shopper pays at the platform. */
  | { kind: "pay"; orderId: bigint; paymentId: bigint }
  | { kind: "cancel"; orderId: bigint }
  | {
      kind: "refund";
      orderId: bigint;
      requestId: string;
      lines: { goodsId: bigint; quantity: bigint }[];
    }
  | { kind: "ship"; orderId: bigint; trackingNumber: string }
  | { kind: "receive"; orderId: bigint };

/** One thing that a client wanted, with every attempt at it, all with the same request. */
export type Operation<W extends Request = Request> = {
  userId: bigint;
  request: W;
  attempts: Attempt[];
  /** Asks (again) and remembers the answer. */
  ask(): Promise<Answer>;
};

export type History = {
  operations: Operation[];
  /** What was wrong at once, such as another answer than the contract has. */
  contradictions: string[];
};

/** Try again, they say, and that nothing is decided. */
const PASSING = new Set<Reason>([
  Reason.RATE_LIMITED,
  Reason.REQUEST_IN_PROGRESS,
  Reason.PROVIDER_UNAVAILABLE,
]);

/** Runs one call, and makes an answer of what came. What is no answer at all, a broken test, is thrown. */
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
    if (error instanceof SandboxRefusal) return platformAnswer(error);
    // fetch says "fetch failed" and a TimeoutError of a connection.
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

function platformAnswer(refusal: SandboxRefusal): Answer {
  const code = Number(/: (\d{3}) /.exec(`${refusal.message} `)?.[1] ?? 0);
  return code >= 400 && code < 500
    ? { kind: "refused", reason: `platform ${code}` }
    : { kind: "unknown", why: `platform ${code}` };
}

export function answersOf({ attempts }: Operation): Answer[] {
  return attempts.map(({ answer }) => answer);
}

/** What the client was told in the end; undefined while it knows nothing. */
export function settledAnswer(
  operation: Operation,
): Exclude<Answer, { kind: "unknown" }> | undefined {
  return answersOf(operation).find((answer) => answer.kind !== "unknown");
}

/** An OK answer's id; undefined where there is none. */
export function idOf(operation: Operation): bigint | undefined {
  const answer = answersOf(operation).find(({ kind }) => kind === "ok");
  return answer?.kind === "ok" ? answer.id : undefined;
}

/** Whether the first attempts had no answer, so that one of them may have had the effect. */
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
