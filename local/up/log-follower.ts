import { closeSync, openSync, readSync, renameSync, statSync } from "node:fs";

const pollMs = 250;
const chunkBytes = 64 * 1024;
const shownCharacters = 300;
const logLimitBytes = 16 * 1024 * 1024;
/** The same trouble is not shown again within this time; a service that waits says so every second. */
const quietMs = 30_000;

/** Opens a log to append to; one that has grown large is put aside first. */
export function openLog(file: string): number {
  if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) > logLimitBytes) {
    renameSync(file, `${file}.1`);
  }
  return openSync(file, "a", 0o600);
}

export type Follower = {
  /** The latest trouble, to explain an end; reads what was written meanwhile. */
  latest(): string | undefined;
  stop(): void;
};

/**
 * Reads what a service appends to its log from now on and reports errors. The service writes to the
 * file by itself, so that it can finish and say so when nobody reads any more.
 */
export function followErrors(file: string, report: (trouble: string) => void): Follower {
  let offset = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  let rest = "";
  let latest: string | undefined;
  const shownAt = new Map<string, number>();

  function take(line: string): void {
    const trouble = troubleIn(line);
    if (trouble === undefined) return;
    latest = trouble;
    const now = Date.now();
    if (now - (shownAt.get(trouble) ?? -quietMs) < quietMs) return;
    if (shownAt.size > 1_000) shownAt.clear();
    shownAt.set(trouble, now);
    report(trouble);
  }

  function read(): void {
    const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
    if (size < offset) offset = 0;
    if (size === offset) return;
    const buffer = Buffer.alloc(Math.min(size - offset, chunkBytes));
    const descriptor = openSync(file, "r");
    const count = readSync(descriptor, buffer, 0, buffer.length, offset);
    closeSync(descriptor);
    offset += count;
    const lines = (rest + buffer.toString("utf8", 0, count)).split("\n");
    rest = (lines.pop() ?? "").slice(-chunkBytes);
    for (const line of lines) take(line);
    if (offset < size) read();
  }

  const timer = setInterval(read, pollMs).unref();
  return {
    latest() {
      read();
      return latest;
    },
    stop: () => clearInterval(timer),
  };
}

/** What an error line of a log says, or a line that is no log entry and no stack; undefined for the rest. */
export function troubleIn(line: string): string | undefined {
  const text = line.trim();
  if (text === "" || /^at .*:\d+\)?$/.test(text)) return undefined;
  if (!text.startsWith("{")) return text.slice(0, shownCharacters);
  try {
    const { level, msg, err } = JSON.parse(text);
    if (level !== "error" && level !== "fatal") return undefined;
    const cause = typeof err?.message === "string" ? `: ${err.message}` : "";
    return `${msg ?? ""}${cause}`.slice(0, shownCharacters);
  } catch {
    return text.slice(0, shownCharacters);
  }
}
