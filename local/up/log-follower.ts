import { closeSync, openSync, readSync, statSync } from "node:fs";

const POLL_MS = 250;
const CHUNK_BYTES = 64 * 1024;
const MAX_CHARACTERS = 300;
/** An error is not reported again within this time: a waiting service repeats it each second. */
const QUIET_MS = 30_000;

type Follower = {
  /** The latest error, which explains why the program ended; reads what was written meanwhile. */
  latest(): string | undefined;
  stop(): void;
};

/**
 * Reports the errors that a program appends to its log from now on. The program writes to the file
 * and not to a pipe, so that it can finish and log after this process is gone.
 */
export function followErrors(file: string, report: (error: string) => void): Follower {
  let offset = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  let rest = "";
  let latest: string | undefined;
  const reportedAt = new Map<string, number>();

  function take(line: string): void {
    const error = errorIn(line);
    if (error === undefined) return;
    latest = error;
    const now = Date.now();
    if (now - (reportedAt.get(error) ?? -QUIET_MS) < QUIET_MS) return;
    if (reportedAt.size > 1_000) reportedAt.clear();
    reportedAt.set(error, now);
    report(error);
  }

  function read(): void {
    const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
    if (size < offset) offset = 0;
    if (size === offset) return;
    const buffer = Buffer.alloc(Math.min(size - offset, CHUNK_BYTES));
    const descriptor = openSync(file, "r");
    const count = readSync(descriptor, buffer, 0, buffer.length, offset);
    closeSync(descriptor);
    offset += count;
    const lines = (rest + buffer.toString("utf8", 0, count)).split("\n");
    rest = (lines.pop() ?? "").slice(-CHUNK_BYTES);
    for (const line of lines) take(line);
    if (offset < size) read();
  }

  const timer = setInterval(read, POLL_MS).unref();
  return {
    latest() {
      read();
      return latest;
    },
    stop: () => clearInterval(timer),
  };
}

/** The message of an error entry, or a line that is neither a log entry nor part of a stack. */
export function errorIn(line: string): string | undefined {
  const text = line.trim();
  if (text === "" || /^at .*:\d+\)?$/.test(text)) return undefined;
  if (!text.startsWith("{")) return text.slice(0, MAX_CHARACTERS);
  try {
    const { level, msg, err } = JSON.parse(text);
    if (level !== "error" && level !== "fatal") return undefined;
    const cause = typeof err?.message === "string" ? `: ${err.message}` : "";
    return `${msg ?? ""}${cause}`.slice(0, MAX_CHARACTERS);
  } catch {
    return text.slice(0, MAX_CHARACTERS);
  }
}
