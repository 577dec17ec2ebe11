import { Client as Channel, type ChannelCredentials, type ChannelOptions } from "@grpc/grpc-js";

/**
 * A server takes about a thousand streams that are reset on one connection, and then ends it (CVE-2023-44487: Node's
 * streamResetBurst). A stream that its reader leaves is such a one, so a connection is let go long before.
 */
const MAX_CANCELLED = 500;

type Leased = { channel: Channel; cancelled: number; open: number };

/**
 * The connections of a client's streams, apart from those of its unary calls: a connection on which many streams were
 * left is replaced by a fresh one, and closed when its last stream has ended.
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
    // Channels of one target would otherwise share their connections.
    this.#options = { ...options, "grpc.use_local_subchannel_pool": 1 };
  }

  /** For one stream; `done` says whether it was left before its end. */
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
