/**
 * Counts what is under way, up to a limit. It neither waits nor queues: work beyond the limit is
 * refused at once.
 */
export class Gate {
  readonly limit: number;
  #count = 0;
  #waiters: (() => void)[] = [];

  constructor(limit: number) {
    this.limit = limit;
  }

  get count(): number {
    return this.#count;
  }

  /** False if the gate is full. After true, call `leave` exactly once. */
  enter(): boolean {
    if (this.#count >= this.limit) return false;
    this.#count += 1;
    return true;
  }

  leave(): void {
    if (this.#count === 0) throw new Error("gate: leave without enter");
    this.#count -= 1;
    if (this.#count > 0) return;
    for (const resolve of this.#waiters.splice(0)) resolve();
  }

  /** Resolves when nothing is under way. */
  idle(): Promise<void> {
    if (this.#count === 0) return Promise.resolve();
    return new Promise((resolve) => this.#waiters.push(resolve));
  }
}
