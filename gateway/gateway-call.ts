import { createContextKey } from "@connectrpc/connect";
import { ANONYMOUS, type Caller } from "#platform/rpc/call.ts";

/** One call at the gateway, from its headers to the end of its answer. */
export class GatewayCall {
  readonly requestId: string;
  /** The network of the client, behind any trusted proxies: the key of its budgets. */
  readonly network: string;
  /** Whether the network has more unfinished requests than it may. */
  readonly isCrowded: boolean;
  readonly beganMs = performance.now();
  caller: Caller = ANONYMOUS;
  /** Why the call failed, once it has. */
  error: unknown;
  /** Takes a place for the call, once its request is in. Throws a ConnectError if there is none. */
  enter: () => void = () => {};
  /** Counts the bytes that are to be decoded. Throws a ConnectError above the rate. */
  charge: (bytes: number) => Promise<void> | void = () => {};
  #held: (() => void)[] | undefined = [];

  constructor(options: { requestId: string; network: string; isCrowded?: boolean }) {
    this.requestId = options.requestId;
    this.network = options.network;
    this.isCrowded = options.isCrowded ?? false;
  }

  /** Keeps what gives back a place until the call ends. */
  hold(giveBack: () => void): void {
    if (this.#held) this.#held.push(giveBack);
    else giveBack();
  }

  /** Gives back all places. Idempotent. */
  release(): void {
    for (const giveBack of this.#held ?? []) giveBack();
    this.#held = undefined;
  }
}

/** The call that a handler's context belongs to. */
export const CALL = createContextKey(new GatewayCall({ requestId: "", network: "" }));
