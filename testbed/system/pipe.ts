import type { Socket } from "node:net";

/** From the caller to the server, and back. */
export type Way = "request" | "reply";

/** What the operating system handed over at once, on one way of one connection. */
export type Packet = {
  /** Counted over all connections and both ways of the proxy, from 1. */
  number: number;
  connection: number;
  way: Way;
  bytes: Buffer;
  /** Sends bytes on the same way, now or later; nothing happens once the connection is gone. */
  inject(bytes: Buffer): void;
};

/**
 * What becomes of a packet: it passes; it is lost; the connection is reset before it, or after it has arrived; or these
 * bytes go on instead of it.
 */
export type Verdict = "pass" | "lose" | "reset" | "pass-then-reset" | Buffer[];
export type Filter = (packet: Packet) => Verdict;

export type Mode =
  | { kind: "pass" }
  | { kind: "delay"; ms: number }
  | { kind: "throttle"; bytesPerSecond: number }
  /** A black hole: nothing arrives, not even that a connection ended. `way` alone: only that way. */
  | { kind: "hole"; way?: Way }
  /** Every connection is reset, those that come later, too. */
  | { kind: "reset" };

/** What all pipes of a proxy go by. */
export type Control = {
  mode: Mode;
  judge(packet: Omit<Packet, "number">): Verdict;
  /** Ends both sides of the connection with a reset. */
  reset(): void;
};

/** More is not taken from the sender: as in a network, its own buffers fill next. */
const MAX_QUEUED_BYTES = 4 * 1024 * 1024;

type Piece = { bytes: Buffer | "end" | "close" | "abort"; dueMs: number; thenReset: boolean };

export type Pipe = {
  /** Goes on where the mode allows it again. */
  pump(): void;
};

/** One way of one connection: what comes from `from` goes to `to`, in its order, as the control says. */
export function pipe(options: {
  from: Socket;
  to: Socket;
  way: Way;
  connection: number;
  control: Control;
}): Pipe {
  const { from, to, way, connection, control } = options;
  const queue: Piece[] = [];
  let queuedBytes = 0;
  let lastDueMs = 0;
  let timer: NodeJS.Timeout | undefined;
  let drained = true;

  const isHeld = () => {
    const { mode } = control;
    return mode.kind === "hole" && (mode.way === undefined || mode.way === way);
  };

  function add(bytes: Piece["bytes"], thenReset = false): void {
    const size = typeof bytes === "string" ? 0 : bytes.length;
    lastDueMs = Math.max(lastDueMs, Date.now()) + waitFor(size);
    queue.push({ bytes, dueMs: lastDueMs, thenReset });
    queuedBytes += size;
    if (queuedBytes > MAX_QUEUED_BYTES) from.pause();
    pump();
  }

  function waitFor(size: number): number {
    const { mode } = control;
    if (mode.kind === "throttle") return (size / mode.bytesPerSecond) * 1_000;
    if (mode.kind !== "delay") return 0;
    // What waits already has its delay; only the first of a row adds to it.
    return Math.max(0, Date.now() + mode.ms - Math.max(lastDueMs, Date.now()));
  }

  function pump(): void {
    clearTimeout(timer);
    while (queue.length > 0 && drained && !isHeld()) {
      const [piece] = queue as [Piece];
      const earlyMs = piece.dueMs - Date.now();
      if (earlyMs > 0 && ["delay", "throttle"].includes(control.mode.kind)) {
        timer = setTimeout(pump, earlyMs);
        return;
      }
      queue.shift();
      pass(piece);
    }
    if (queuedBytes < MAX_QUEUED_BYTES / 2) from.resume();
  }

  function pass({ bytes, thenReset }: Piece): void {
    if (bytes === "end") {
      to.end();
      return;
    }
    if (bytes === "close") {
      to.destroySoon();
      return;
    }
    if (bytes === "abort") {
      to.resetAndDestroy();
      return;
    }
    queuedBytes -= bytes.length;
    if (to.destroyed || !to.writable) return;
    drained = to.write(bytes, () => {
      if (thenReset) control.reset();
    });
  }

  to.on("drain", () => {
    drained = true;
    pump();
  });
  to.on("close", () => clearTimeout(timer));
  const inject = (bytes: Buffer) => add(bytes);
  from.on("data", (bytes: Buffer) => {
    const verdict = control.judge({ connection, way, bytes, inject });
    if (verdict === "pass") add(bytes);
    else if (verdict === "reset") control.reset();
    else if (verdict === "pass-then-reset") add(bytes, true);
    else if (verdict !== "lose") for (const each of verdict) add(each);
  });
  from.on("end", () => add("end"));
  from.on("error", () => {});
  from.on("close", (failed) => add(failed ? "abort" : "close"));
  return { pump };
}
