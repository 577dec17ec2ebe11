import { SingleBar } from "cli-progress";

export type ProgressBar = { step(): void; done(): void };

const LINE_EVERY_MS = 2_000;

/**
 * Shows how far a piece of work has come, on stderr, since stdout is for the result: a bar on a terminal, elsewhere a
 * line now and then and one at the end.
 */
export function progressBar(what: string, total: number): ProgressBar {
  return process.stderr.isTTY ? barOn(process.stderr, what, total) : linesOn(what, total);
}

function barOn(stream: NodeJS.WriteStream, what: string, total: number): ProgressBar {
  const bar = new SingleBar({
    stream,
    format: `${what.padEnd(10)} [{bar}] {value}/{total} in {duration_formatted}`,
    // Nothing about the terminal is changed that an interrupted run would have to put back.
    linewrap: true,
    gracefulExit: false,
  });
  bar.start(total, 0);
  return { step: () => bar.increment(), done: () => bar.stop() };
}

function linesOn(what: string, total: number): ProgressBar {
  let value = 0;
  let toldAtMs = Date.now();
  const tell = () => {
    toldAtMs = Date.now();
    console.error(`${what}: ${value} of ${total}`);
  };
  return {
    step() {
      value += 1;
      if (Date.now() - toldAtMs >= LINE_EVERY_MS) tell();
    },
    done: tell,
  };
}

/** The bar of one piece of work. */
export async function shown<T>(
  what: string,
  total: number,
  work: (bar: ProgressBar) => Promise<T>,
): Promise<T> {
  const bar = progressBar(what, total);
  try {
    return await work(bar);
  } finally {
    bar.done();
  }
}
