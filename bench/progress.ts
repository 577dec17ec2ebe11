import { SingleBar } from "cli-progress";

export type PhaseBar = { done(count: number): void; end(): void };

/**
 * Shows the progress of a phase by time, and the number of completed tasks. Only on a terminal,
 * since a result follows.
 */
export function phaseBar(what: string, seconds: number): PhaseBar {
  if (!process.stderr.isTTY) return { done: () => {}, end: () => {} };
  const bar = new SingleBar({
    stream: process.stderr,
    format: `${what.padEnd(46)} [{bar}] {value}/{total} s, {done} done`,
    linewrap: true,
    gracefulExit: false,
    clearOnComplete: true,
  });
  const begin = performance.now();
  let latest = 0;
  bar.start(seconds, 0, { done: 0 });
  const elapsed = () => Math.min(seconds, Math.floor((performance.now() - begin) / 1_000));
  const timer = setInterval(() => bar.update(elapsed(), { done: latest }), 500);
  return {
    done: (count) => {
      latest = count;
    },
    end: () => {
      clearInterval(timer);
      bar.stop();
    },
  };
}
