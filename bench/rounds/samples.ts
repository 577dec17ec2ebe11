import { SERVICES } from "#proto/services.ts";
import { type Bench, runningOf, shopOf } from "../bench.ts";
import type { Figures } from "../measure/figures.ts";
import { residentBytes } from "../measure/memory.ts";
import type { TargetName } from "../target.ts";
import type { Sample } from "../turn.ts";

const EVERY_MS = 5_000;

/** Samples memory and queues until `stop`. */
export function sampling(bench: Bench, target: TargetName): { stop(): Promise<Sample[]> } {
  const samples: Sample[] = [];
  const begin = performance.now();
  let last = Promise.resolve();
  const look = async () => {
    const memory = runningOf(bench, target).processes();
    const memoryMib = Object.fromEntries(
      [...memory, { name: "database", pid: bench.engines.mysqlPid }].map(({ name, pid }) => [
        name,
        residentBytes(pid) / 2 ** 20,
      ]),
    );
    const atSeconds = (performance.now() - begin) / 1_000;
    const pendingMessages = await bench.meter.pendingMessages();
    samples.push({ atSeconds, memoryMib, pendingMessages, waitingEvents: await waiting(bench) });
  };
  const timer = setInterval(() => {
    last = last.then(look);
    // `stop` reports a failure; until then it must not end the program.
    last.catch(() => {});
  }, EVERY_MS);
  timer.unref();
  return {
    async stop() {
      clearInterval(timer);
      await last;
      return samples;
    },
  };
}

async function waiting(bench: Bench): Promise<number> {
  let sum = 0;
  for (const service of SERVICES) {
    const rows = await shopOf(bench).sql<{ n: bigint }>(
      service,
      "select count(*) as n from outbox where state in (1, 2)",
    );
    sum += Number(rows[0]?.n ?? 0);
  }
  return sum;
}

/** The last third relative to the second, for each series: 1 is no growth. */
export function growth(samples: readonly Sample[]): Figures {
  const third = Math.floor(samples.length / 3);
  if (third === 0) return {};
  const second = samples.slice(third, 2 * third);
  const last = samples.slice(2 * third);
  const mean = (of: readonly Sample[], value: (sample: Sample) => number) =>
    of.reduce((sum, sample) => sum + value(sample), 0) / of.length;
  const figures: Figures = {};
  for (const name of Object.keys(samples[0]?.memoryMib ?? {})) {
    const value = (sample: Sample) => sample.memoryMib[name] ?? 0;
    figures[`memoryGrowth.${name}`] = mean(last, value) / mean(second, value);
  }
  for (const name of ["waitingEvents", "pendingMessages"] as const) {
    figures[`${name}.secondThird`] = mean(second, (sample) => sample[name]);
    figures[`${name}.lastThird`] = mean(last, (sample) => sample[name]);
  }
  return figures;
}
