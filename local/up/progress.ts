import { Listr, type ListrTask } from "listr2";
import type { Lifecycle } from "./lifecycle.ts";

/** Lines appear below the step in progress; before and after the steps, on standard output. */
let show: (line: string) => void = console.log;

export function say(line: string): void {
  show(line);
}

/** Runs the steps in order: drawn on a terminal, as plain lines elsewhere. */
export async function runSteps(steps: readonly ListrTask[], life: Lifecycle): Promise<void> {
  const guarded = steps.map((step) => ({
    ...step,
    task: (context: unknown, task: Parameters<ListrTask["task"]>[1]) => {
      life.checkpoint();
      show = (line) => {
        task.output = line;
      };
      return step.task(context as never, task);
    },
  }));
  try {
    await new Listr(guarded as ListrTask[], {
      concurrent: false,
      registerSignalListeners: false,
      fallbackRenderer: "simple",
      rendererOptions: { collapseSubtasks: false, collapseErrors: false, showErrorMessage: false },
    }).run();
    life.checkpoint();
  } finally {
    show = console.log;
  }
}
