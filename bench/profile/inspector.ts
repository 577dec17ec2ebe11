import { setTimeout as pause } from "node:timers/promises";
import { BenchError } from "../bench-error.ts";

/** V8's format of .cpuprofile files. Times are microseconds. */
export type CpuProfile = {
  nodes: {
    id: number;
    callFrame: { functionName: string; url: string; lineNumber: number; columnNumber: number };
    children?: number[];
  }[];
  startTime: number;
  endTime: number;
  /** The node that ran at each sample. */
  samples: number[];
  /** The time from the previous sample to each sample. */
  timeDeltas: number[];
};

type Inspector = {
  /** Starts sampling at this interval. */
  start(intervalMicroseconds: number): Promise<void>;
  stop(): Promise<CpuProfile>;
  close(): void;
};

const OPEN_WITHIN_MS = 10_000;
const LOOK_EVERY_MS = 100;

/**
 * Opens the inspector of a running Node process by SIGUSR1, and connects to it. The process must
 * have been started with `--inspect-port=PORT`, which alone opens nothing and costs nothing.
 */
export async function openInspector(pid: number, port: number): Promise<Inspector> {
  process.kill(pid, "SIGUSR1");
  const socket = new WebSocket(await addressOf(port));
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener("open", () => resolve(), { once: true });
    const failed = () =>
      reject(new BenchError(`the inspector on port ${port} refused the connection`));
    socket.addEventListener("error", failed, { once: true });
  });
  const ask = askOver(socket);
  await ask("Profiler.enable");
  return {
    async start(interval) {
      await ask("Profiler.setSamplingInterval", { interval });
      await ask("Profiler.start");
    },
    stop: async () => ((await ask("Profiler.stop")) as { profile: CpuProfile }).profile,
    close: () => socket.close(),
  };
}

async function addressOf(port: number): Promise<string> {
  const giveUpMs = Date.now() + OPEN_WITHIN_MS;
  for (;;) {
    try {
      const response = await fetch(`http://127.0.0.1:${port}/json/list`);
      const [target] = (await response.json()) as { webSocketDebuggerUrl?: string }[];
      if (target?.webSocketDebuggerUrl) return target.webSocketDebuggerUrl;
    } catch (error) {
      if (Date.now() > giveUpMs) {
        throw new BenchError(`no inspector answers on port ${port}`, { cause: error });
      }
    }
    await pause(LOOK_EVERY_MS);
  }
}

type Answer = { id?: number; result?: unknown; error?: { message: string } };

function askOver(socket: WebSocket) {
  const waiting = new Map<number, (answer: Answer) => void>();
  let last = 0;
  socket.addEventListener("message", ({ data }) => {
    const answer = JSON.parse(String(data)) as Answer;
    if (answer.id === undefined) return;
    waiting.get(answer.id)?.(answer);
    waiting.delete(answer.id);
  });
  socket.addEventListener("close", () => {
    for (const answer of waiting.values()) answer({ error: { message: "the process ended" } });
    waiting.clear();
  });
  return (method: string, params: object = {}): Promise<unknown> => {
    last += 1;
    const id = last;
    socket.send(JSON.stringify({ id, method, params }));
    return new Promise((resolve, reject) => {
      waiting.set(id, ({ result, error }) => {
        if (error) reject(new BenchError(`${method}: ${error.message}`));
        else resolve(result);
      });
    });
  };
}
