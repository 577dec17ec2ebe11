import type { Socket } from "node:net";

/** A direction: from the caller to the server, or back. */
export type Way = "request" | "reply";

/** The bytes of one read on one way of a connection. */
export type Packet = {
  /** Counted from 1 over all connections and both ways of the proxy. */
  number: number;
  connection: number;
  way: Way;
  bytes: Buffer;
  /** Sends bytes on the same way, now or later. Does nothing once the connection has ended. */
  inject(bytes: Buffer): void;
};

/**
 * What happens to a packet: it passes, it is lost, the connection is reset before or after it has
 * arrived, or other bytes are sent in its place.
 */
type Fate = "pass" | "lose" | "reset" | "pass-then-reset" | Buffer[];
export type Filter = (packet: Packet) => Fate;

export type Mode =
  | { kind: "pass" }
  | { kind: "delay"; ms: number }
  | { kind: "throttle"; bytesPerSecond: number }
  /** Nothing arrives, not even the end of a connection; with `way`, on that way only. */
  | { kind: "hole"; way?: Way }
  /** Every connection is reset, and so is every new one. */
  | { kind: "reset" };

/** What all pipes of a proxy obey. */
export type Control = {
  mode: Mode;
  decide(packet: Omit<Packet, "number">): Fate;
  /** Resets both sides of the connection. */
  reset(): void;
};

export type Pipe = {
  /** Sends what waits, where the mode allows it again. */
  pump(): void;
};

type PipeOptions = {
  from: Socket;
  to: Socket;
  way: Way;
  connection: number;
  control: Control;
};

/** With more waiting, the sender is paused, so that its own buffers fill next as in a network. */
const MAX_QUEUED_BYTES = 4 * 1024 * 1024;

type Piece = { bytes: Buffer | "end" | "close" | "abort"; dueMs: number; thenReset: boolean };

/** Passes one way of one connection on, in order and as the control says. */
export function pipe(options: PipeOptions): Pipe {
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
    const size = sizeOf(bytes);
    lastDueMs = Math.max(lastDueMs, Date.now()) + delayOf(control.mode, { size, lastDueMs });
    queue.push({ bytes, dueMs: lastDueMs, thenReset });
    queuedBytes += size;
    if (queuedBytes > MAX_QUEUED_BYTES) from.pause();
    pump();
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
      queuedBytes -= sizeOf(piece.bytes);
      drained = pass(piece, to, control);
    }
    if (queuedBytes < MAX_QUEUED_BYTES / 2) from.resume();
  }

  to.on("drain", () => {
    drained = true;
    pump();
  });
  to.on("close", () => clearTimeout(timer));
  const inject = (bytes: Buffer) => add(bytes);
  from.on("data", (bytes: Buffer) => {
    const fate = control.decide({ connection, way, bytes, inject });
    if (fate === "pass") add(bytes);
    else if (fate === "reset") control.reset();
    else if (fate === "pass-then-reset") add(bytes, true);
    else if (fate !== "lose") for (const each of fate) add(each);
  });
  from.on("end", () => add("end"));
  from.on("error", () => {});
  from.on("close", (failed) => add(failed ? "abort" : "close"));
  return { pump };
}

function sizeOf(bytes: Piece["bytes"]): number {
  return typeof bytes === "string" ? 0 : bytes.length;
}

/** Milliseconds by which a piece of this size comes later than the one before it. */
function delayOf(mode: Mode, { size, lastDueMs }: { size: number; lastDueMs: number }): number {
  if (mode.kind === "throttle") return (size / mode.bytesPerSecond) * 1_000;
  if (mode.kind !== "delay") return 0;
  // A piece behind others that wait has their delay already.
  return Math.max(0, Date.now() + mode.ms - Math.max(lastDueMs, Date.now()));
}

/** Hands a piece to the receiving socket. False where the socket wants to drain first. */
function pass({ bytes, thenReset }: Piece, to: Socket, control: Control): boolean {
  if (bytes === "end") to.end();
  else if (bytes === "close") to.destroySoon();
  else if (bytes === "abort") to.resetAndDestroy();
  else if (!to.destroyed && to.writable) {
    return to.write(bytes, () => {
      if (thenReset) control.reset();
    });
  }
  return true;
}
