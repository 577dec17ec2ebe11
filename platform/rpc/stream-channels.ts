import { Client as Channel, type ChannelCredentials, type ChannelOptions } from "@grpc/grpc-js";

/**
 * Cancelled streams after which a connection is replaced. A server ends a connection after about
 * 1,000 reset streams (CVE-2023-44487: Node's streamResetBurst), and a cancelled stream is reset.
 */
const MAX_CANCELLED = 500;

type Leased = { channel: Channel; cancelled: number; open: number };

/**
 * The connections of a client's streams, separate from the connection of its unary calls. A
 * connection with many cancelled streams is replaced, and closed when its last stream ends.
 */
export class StreamChannels {
  readonly #target: string;
  readonly #credentials: ChannelCredentials;
  readonly #options: ChannelOptions;
  readonly #all = new Set<Leased>();
  #current: Leased | undefined;

  constructor(target: string, credentials: ChannelCredentials, options: ChannelOptions) {
    this.#target = target;
    this.#credentials = credentials;
    // Without this, channels of one target share their connections.
    this.#options = { ...options, "grpc.use_local_subchannel_pool": 1 };
  }

  /**
   * A connection for one stream. Call `done` when the stream ends, with whether it was cancelled.
   */
  lease(): { channel: Channel; done(cancelled: boolean): void } {
    this.#current ??= this.#open();
    const leased = this.#current;
    leased.open += 1;
    return {
      channel: leased.channel,
      done: (cancelled) => {
        leased.open -= 1;
        if (cancelled) leased.cancelled += 1;
        if (leased.cancelled >= MAX_CANCELLED && this.#current === leased)
          this.#current = undefined;
        if (this.#current !== leased && leased.open === 0) this.#close(leased);
      },
    };
  }

  close(): void {
    for (const leased of this.#all) this.#close(leased);
    this.#current = undefined;
  }

  #open(): Leased {
    const channel = new Channel(this.#target, this.#credentials, this.#options);
    const leased = { channel, cancelled: 0, open: 0 };
    this.#all.add(leased);
    return leased;
  }

  #close(leased: Leased): void {
    this.#all.delete(leased);
    leased.channel.close();
  }
}
