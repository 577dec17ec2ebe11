import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { BenchError } from "../bench-error.ts";
import { type Histogram, merge } from "./histograms.ts";
import type { FromClient, Loop, Phase, PhaseResult, Setting, ToClient } from "./messages.ts";

/** The combined result of all client processes for a phase. */
export type Summary = Omit<PhaseResult, "ok" | "refused" | "steps"> & {
  ok: Histogram;
  refused: Histogram;
  steps: Record<string, Histogram>;
};

/** The client processes of a run, which live as long as the run, so that they are warm. */
export type Clients = {
  count: number;
  pids(): number[];
  /** Plays a phase in all clients, or in those of `only`, and reports the progress. */
  play(
    phase: Phase,
    options?: { only?: readonly number[]; progress?: (done: number) => void },
  ): Promise<Summary>;
  stop(): Promise<void>;
};

const MAIN = fileURLToPath(new URL("client.ts", import.meta.url));

export async function startClients(setting: Omit<Setting, "client">): Promise<Clients> {
  const children = Array.from({ length: setting.clients }, () =>
    fork(MAIN, { serialization: "advanced", stdio: ["ignore", "inherit", "inherit", "ipc"] }),
  );
  await Promise.all(
    children.map((child, client) => {
      const ready = answerOf(child);
      send(child, { kind: "setting", setting: { ...setting, client } });
      return ready;
    }),
  );
  return {
    count: children.length,
    pids: () => children.flatMap(({ pid }) => pid ?? []),
    async play(phase, { only, progress = () => {} } = {}) {
      const all = [...children.keys()];
      const playing = (only ?? all).slice(0, mostClients(phase.loop));
      const done = new Map<number, number>();
      const results = await Promise.all(
        playing.map(async (client, place) => {
          const child = children[client] as ChildProcess;
          const answer = answerOf(child, (own) => {
            done.set(client, own);
            progress([...done.values()].reduce((sum, one) => sum + one, 0));
          });
          const loop = shareOf(phase.loop, { place, of: playing.length });
          const callbacks = phase.callbacks?.filter((_, index) => index % playing.length === place);
          send(child, { kind: "phase", phase: { ...phase, loop, callbacks } });
          return answer;
        }),
      );
      return summaryOf(results);
    },
    async stop() {
      await Promise.all(
        children.map(async (child) => {
          if (child.exitCode !== null || child.signalCode !== null) return;
          const gone = once(child, "exit");
          child.disconnect();
          await gone;
        }),
      );
    },
  };
}

/** With fewer customers than processes, some processes are idle. */
function mostClients(loop: Loop): number {
  return loop.kind === "closed" ? loop.inFlight : Number.POSITIVE_INFINITY;
}

/** The share of one process in a load; the shares add up to all of it. */
export function shareOf(loop: Loop, { place, of }: { place: number; of: number }): Loop {
  const part = (whole: number) => Math.floor(whole / of) + (place < whole % of ? 1 : 0);
  switch (loop.kind) {
    case "closed":
      return { ...loop, inFlight: part(loop.inFlight) };
    case "open":
      return { ...loop, perSecond: loop.perSecond / of };
    case "burst":
      return { ...loop, customers: part(loop.customers) };
  }
}

function send(child: ChildProcess, message: ToClient): void {
  child.send(message);
}

/** Resolves to the client's result once it has done its work. */
function answerOf(
  child: ChildProcess,
  progress: (done: number) => void = () => {},
): Promise<PhaseResult | undefined> {
  return new Promise((resolve, reject) => {
    const end = () => {
      child.off("message", hear);
      child.off("exit", left);
    };
    const hear = (message: FromClient) => {
      if (message.kind === "progress") return progress(message.done);
      end();
      if (message.kind === "failed") reject(new BenchError(`the load failed: ${message.message}`));
      else resolve(message.kind === "result" ? message.result : undefined);
    };
    const left = (code: number | null, signal: string | null) => {
      end();
      reject(new BenchError(`a client process ended unexpectedly (${signal ?? `exit ${code}`})`));
    };
    child.on("message", hear);
    child.on("exit", left);
  });
}

export function summaryOf(parts: readonly (PhaseResult | undefined)[]): Summary {
  const results = parts.filter((part) => part !== undefined);
  const outcomes: Record<string, number> = {};
  const encoded: Record<string, string[]> = {};
  const perSecond: number[] = [];
  for (const part of results) {
    for (const [name, count] of Object.entries(part.outcomes)) {
      outcomes[name] = (outcomes[name] ?? 0) + count;
    }
    for (const [name, one] of Object.entries(part.steps)) {
      encoded[name] = [...(encoded[name] ?? []), one];
    }
    for (const [second, count] of part.perSecond.entries()) {
      perSecond[second] = (perSecond[second] ?? 0) + count;
    }
  }
  const total = (of: (part: PhaseResult) => number) =>
    results.reduce((sum, part) => sum + of(part), 0);
  return {
    outcomes,
    perSecond,
    ok: merge(results.map(({ ok }) => ok)),
    refused: merge(results.map(({ refused }) => refused)),
    steps: Object.fromEntries(Object.entries(encoded).map(([name, all]) => [name, merge(all)])),
    inTime: total(({ inTime }) => inTime),
    cpuMs: total(({ cpuMs }) => cpuMs),
    rssBytes: total(({ rssBytes }) => rssBytes),
    elapsedMs: Math.max(0, ...results.map(({ elapsedMs }) => elapsedMs)),
    due: results.flatMap(({ due }) => due),
  };
}
