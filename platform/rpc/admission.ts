import {
  type Metadata,
  ServerInterceptingCall,
  type ServerInterceptingCallInterface,
  type ServerInterceptor,
  status,
} from "@grpc/grpc-js";
import type { Log } from "#platform/telemetry/log.ts";
import { Gate } from "#platform/values/gate.ts";
import { Reason, Refusal } from "#platform/values/refusal.ts";
import { authenticate, authorize } from "./access.ts";
import type { Caller } from "./call.ts";
import { type AnsweredStatus, StatusError, statusOfError, statusOfRefusal } from "./errors.ts";
import type { MethodPlan } from "./implement.ts";
import type { RpcLimits } from "./limits.ts";
import { ServerCall } from "./server-call.ts";
import type { TokenVerifier } from "./tokens.ts";

/**
 * Decides on every call by its headers, before any of its request is read. It refuses a call if the
 * server is stopping, if it is full, or if the caller may not call the method.
 */
export class Admission {
  readonly calls: Gate;
  readonly streams: Gate;
  readonly #plans: Map<string, MethodPlan>;
  readonly #tokens: TokenVerifier;
  readonly #log: Log;
  readonly #admitted = new WeakMap<Metadata, ServerCall>();
  /** Kept, so that a full server does not build the same answer for each call. */
  readonly #fullAnswers = new Map<Gate, AnsweredStatus>();
  #stopping = false;

  constructor(options: {
    plans: Map<string, MethodPlan>;
    tokens: TokenVerifier;
    limits: RpcLimits;
    log: Log;
  }) {
    this.calls = new Gate(options.limits.maxInFlight);
    this.streams = new Gate(options.limits.maxStreams);
    this.#plans = options.plans;
    this.#tokens = options.tokens;
    this.#log = options.log;
  }

  /** From now on, new calls are answered UNAVAILABLE. */
  close(): void {
    this.#stopping = true;
  }

  /** The call that was admitted with these headers. */
  take(metadata: Metadata): ServerCall {
    const call = this.#admitted.get(metadata);
    if (!call) throw new Error("a call was not admitted before its handler");
    call.begin();
    return call;
  }

  readonly interceptor: ServerInterceptor = (definition, next) => {
    const plan = this.#plans.get(definition.path);
    // Health and reflection are public and have no plan. They are also served while stopping.
    if (!plan) return new ServerInterceptingCall(next);
    let call: ServerCall | undefined;
    return new ServerInterceptingCall(next, {
      start: (listen) =>
        listen({
          onReceiveMetadata: (metadata, pass) => {
            call = this.#admit({ plan, metadata, next, pass: () => pass(metadata) });
          },
          // grpc-js calls this at the end of every call, also of one that was answered.
          onCancel: () => call?.leave(),
        }),
    });
  };

  #full(gate: Gate): AnsweredStatus {
    const known = this.#fullAnswers.get(gate);
    if (known) return known;
    const limit = String(gate.limit);
    const answer = statusOfRefusal(new Refusal(Reason.RATE_LIMITED, { cause: "in_flight", limit }));
    this.#fullAnswers.set(gate, answer);
    return answer;
  }

  #admit(arrival: {
    plan: MethodPlan;
    metadata: Metadata;
    next: ServerInterceptingCallInterface;
    pass: () => void;
  }): ServerCall | undefined {
    const { plan, metadata, next, pass } = arrival;
    const deadlineMs = Number(next.getDeadline());
    const refuse = (error: unknown) =>
      next.sendStatus(statusOfError(error, { log: this.#log, deadlineMs }));
    const gate = plan.streaming ? this.streams : this.calls;
    if (this.#stopping) {
      refuse(new StatusError(status.UNAVAILABLE, "the server is stopping"));
      return undefined;
    }
    if (!gate.enter()) {
      next.sendStatus(this.#full(gate));
      return undefined;
    }
    const call = new ServerCall({ gate, metadata, path: plan.path, deadlineMs, log: this.#log });
    const enter = (caller: Caller) => {
      authorize(plan.access, caller);
      if (!plan.handler) throw new StatusError(status.UNIMPLEMENTED, "not implemented yet");
      call.caller = caller;
      this.#admitted.set(metadata, call);
      pass();
    };
    try {
      const caller = authenticate(metadata, this.#tokens);
      if (caller instanceof Promise) caller.then(enter).catch(refuse);
      else enter(caller);
    } catch (error) {
      refuse(error);
    }
    return call;
  }
}
