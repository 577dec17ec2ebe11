import { startBaseline } from "../baseline.ts";
import type { Target } from "../target.ts";

/** The second baseline: the same messages through the same gRPC stack, answered from memory. */
export const bare: Target = {
  name: "bare",
  start: (engines) => startBaseline("bare", { main: new URL("main.ts", import.meta.url), engines }),
};
