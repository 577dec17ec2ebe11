import { SingleBar } from "cli-progress";

export type ProgressBar = { step(): void; done(): void };

const LINE_EVERY_MS = 2_000;

/**
 * Shows the progress of a piece of work on standard error, as standard output is for the result: a
 * bar on a terminal; elsewhere a line every two seconds and one at the end.
 */
export async function withProgress<T>(
  name: string,
  total: number,
  work: (bar: ProgressBar) => Promise<T>,
): Promise<T> {
  const { stderr } = process;
  const bar = stderr.isTTY ? barOn(stderr, name, total) : lines(name, total);
  try {
    return await work(bar);
  } finally {
    bar.done();
  }
}

function barOn(stream: NodeJS.WriteStream, name: string, total: number): ProgressBar {
  const bar = new SingleBar({
    stream,
    format: `${name.padEnd(10)} [{bar}] {value}/{total} in {duration_formatted}`,
    // The terminal is left as it is, so an interrupted run has nothing to restore.
    linewrap: true,
    gracefulExit: false,
  });
  bar.start(total, 0);
  return { step: () => bar.increment(), done: () => bar.stop() };
}

function lines(name: string, total: number): ProgressBar {
  let value = 0;
  let printedAtMs = Date.now();
  const print = () => {
    printedAtMs = Date.now();
    console.error(`${name}: ${value} of ${total}`);
  };
  return {
    step() {
      value += 1;
      if (Date.now() - printedAtMs >= LINE_EVERY_MS) print();
    },
    done: print,
  };
}
