// `npm run bench:callback`: how fast the shop answers a payment platform, and how soon the points follow. It runs a
// shop of its own, with all five services, gateway and sandbox as processes on this machine.

import { availableParallelism, cpus, loadavg } from "node:os";
import { parseArgs } from "node:util";
import { type Spread, spread } from "../ops/replay/report-words.ts";
import { bringUpEngines, mochaGlobalTeardown } from "../test/support/infrastructure.ts";
import { type Shop, startShop } from "../test/support/shop.ts";
import { follow } from "./callback/follow.ts";
import { type Prepared, prepareCallbacks } from "./callback/prepare.ts";
import { sendCallbacks } from "./callback/send.ts";

const USAGE = `Measures the answer to a payment platform's callback through the gateway, at 1 and at 200 per second,
and the time from the callback to the points. Every callback is a genuine one of a payment of its own.

  npm run bench:callback -- [--short] [--json]

  --short  10 and 3 seconds instead of 60 and 10
  --json   prints the result as one line of JSON

It runs its own shop against SHOP_MYSQL_URL and SHOP_NATS_URL, or against servers that it brings up and takes down.
Exits with 1 where a callback had another answer than success, or points did not come.`;

type Phase = { perSecond: number; seconds: number };
type Measured = Phase & {
  callbacks: number;
  failed: number;
  answerMs: Spread;
  toPaidMs: Spread;
  toPointsMs: Spread;
  missing: number;
  load: number;
};

const WARM_UP: Phase = { perSecond: 50, seconds: 4 };
const LONG: Phase[] = [
  { perSecond: 1, seconds: 60 },
  { perSecond: 200, seconds: 10 },
];
const SHORT: Phase[] = [
  { perSecond: 1, seconds: 10 },
  { perSecond: 200, seconds: 3 },
];

const loadNow = () => Number((loadavg()[0] ?? 0).toFixed(2));

async function measure(shop: Shop, callbacks: Prepared[], phase: Phase): Promise<Measured> {
  const sent = await sendCallbacks(shop.gatewayUrl, callbacks, phase.perSecond);
  const load = loadNow();
  const { toPaidMs, toPointsMs, missing } = await follow(shop, sent);
  const answers = sent.map(({ answerMs }) => answerMs).sort((a, b) => a - b);
  return {
    ...phase,
    callbacks: sent.length,
    failed: sent.filter(({ success }) => !success).length,
    answerMs: spread(answers),
    toPaidMs: spread(toPaidMs),
    toPointsMs: spread(toPointsMs),
    missing,
    load,
  };
}

async function run(phases: Phase[]): Promise<Measured[]> {
  // Nothing but the callbacks tells the shop that a payment came in.
  const pay = { SHOP_PAYMENT_QUERY_MS: "3600000" };
  const shop = await startShop({ sandbox: true, gateway: true, envOf: { pay } });
  try {
    const all = [WARM_UP, ...phases];
    const count = all.reduce((sum, { perSecond, seconds }) => sum + perSecond * seconds, 0);
    console.error(`preparing ${count} payments`);
    const callbacks = await prepareCallbacks(shop, count);
    const measured: Measured[] = [];
    for (const phase of all) {
      console.error(`${phase.perSecond} callbacks a second for ${phase.seconds} s`);
      const next = callbacks.splice(0, phase.perSecond * phase.seconds);
      const result = await measure(shop, next, phase);
      if (phase !== WARM_UP) measured.push(result);
    }
    return measured;
  } finally {
    await shop.stop();
  }
}

function words(measured: Measured[], loadBefore: number): string {
  const of = ({ p50, p99, max }: Spread) => `p50 ${p50} ms, p99 ${p99} ms, max ${max} ms`;
  const cores = availableParallelism();
  return [
    `${cores} cores (${cpus()[0]?.model ?? "unknown"}), load ${loadBefore} before, Node ${process.versions.node}`,
    ...measured.flatMap((phase) => [
      `${phase.perSecond} a second, ${phase.callbacks} callbacks, ${phase.failed} failed, load ${phase.load} at the end`,
      `  answer               ${of(phase.answerMs)}`,
      `  callback to PAID     ${of(phase.toPaidMs)}`,
      `  callback to points   ${of(phase.toPointsMs)}${phase.missing ? `, ${phase.missing} NEVER CAME` : ""}`,
    ]),
  ].join("\n");
}

const { values } = parseArgs({
  options: {
    short: { type: "boolean" },
    json: { type: "boolean" },
    help: { type: "boolean", short: "h" },
  },
});
if (values.help) console.log(USAGE);
else {
  const loadBefore = loadNow();
  await bringUpEngines((line) => console.error(line));
  try {
    const measured = await run(values.short ? SHORT : LONG);
    const cores = availableParallelism();
    console.log(
      values.json
        ? JSON.stringify({ cores, loadBefore, phases: measured })
        : words(measured, loadBefore),
    );
    if (measured.some(({ failed, missing }) => failed + missing > 0)) process.exitCode = 1;
  } finally {
    await mochaGlobalTeardown();
  }
}
