/**
 * Counts what clients hold of something that has a limit, such as places for calls. One client may
 * hold a part of it only, so that the rest is left for the others.
 */
export class Shares {
  readonly limit: number;
  readonly perClient: number;
  #held = 0;
  readonly #heldBy = new Map<string, number>();

  constructor({ limit, perClient }: { limit: number; perClient: number }) {
    this.limit = limit;
    this.perClient = perClient;
  }

  /** Whether the client may take one more: "full" for none left at all. */
  room(client: string): "room" | "full" | "client" {
    if (this.#held >= this.limit) return "full";
    return this.of(client) >= this.perClient ? "client" : "room";
  }

  of(client: string): number {
    return this.#heldBy.get(client) ?? 0;
  }

  /** Takes some, whether or not there is room. Give back exactly as much. */
  take(client: string, amount = 1): void {
    this.#held += amount;
    this.#heldBy.set(client, this.of(client) + amount);
  }

  give(client: string, amount = 1): void {
    const left = this.of(client) - amount;
    if (left < 0) throw new Error("shares: more was given back than taken");
    this.#held -= amount;
    if (left > 0) this.#heldBy.set(client, left);
    else this.#heldBy.delete(client);
  }
}

/** The part of a limit that one client may hold, at least one. */
export function shareOf(limit: number, percent: number): number {
  return Math.max(1, Math.floor((limit * percent) / 100));
}

/** The shares of networks in a limit, of which each may hold so many percent. */
export function sharesOfNetworks(limit: number, percent: number): Shares {
  return new Shares({ limit, perClient: shareOf(limit, percent) });
}
