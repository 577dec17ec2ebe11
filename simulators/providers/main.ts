// The simulators of Alipay, WeChat Pay and Stripe: one program with a face for each, on its own
// port. They share one ledger and one clock, and no code with the pay service. README.md describes
// what they do and how they differ from the real ones.

import { startHttpServer } from "#platform/http/server.ts";
import { type Running as Program, runService } from "#platform/service/run.ts";
import { createLog, type Log } from "#platform/telemetry/log.ts";
import { createAlipay } from "../alipay/face.ts";
import { type Clock, openClock } from "../base/clock.ts";
import { createCourier } from "../base/courier.ts";
import { startDispatcher } from "../base/dispatcher.ts";
import type { Face, Parts } from "../base/face.ts";
import { openKeys } from "../base/keys.ts";
import { MAX_ANSWER_BYTES, MAX_CALLBACKS_IN_FLIGHT } from "../base/limits.ts";
import { SCHEMA } from "../base/schema.ts";
import { createSender } from "../base/sender.ts";
import { serveFace } from "../base/serve.ts";
import { openStore, type Store } from "../base/store.ts";
import type { FaceName } from "../base/trades.ts";
import { createStripe } from "../stripe/face.ts";
import { createWechatpay } from "../wechatpay/face.ts";
import { type SimulatorsConfig, simulatorsConfig } from "./config.ts";
import { type Running, serveControl } from "./control.ts";

/** More than a pay service opens, with room for answers that a fault delays. */
const HTTP_LIMITS = { maxInFlight: 2_000, maxConnections: 2_000 };

type Shared = { config: SimulatorsConfig; store: Store; clock: Clock; log: Log };

async function start(
  env: Record<string, string | undefined> = process.env,
): Promise<Program & { address: string }> {
  const config = simulatorsConfig(env);
  const log = createLog("simulators", config.logLevel);
  const store = openStore(config.store, SCHEMA);
  const clock = await openClock(store, config.clockMs);
  const keys = openKeys(config.keys);
  const origins = new Map<FaceName, string>();
  const parts = (name: FaceName): Parts => {
    const origin = () => origins.get(name) ?? "";
    return { store, clock, keys, notify: config.notify, origin };
  };
  const faces: Face[] = [
    await createAlipay(parts("alipay")),
    await createWechatpay(parts("wechatpay")),
    createStripe(parts("stripe"), config.stripeWebhookUrl),
  ];
  const running: (Running & { stop(): Promise<void> })[] = [];
  for (const face of faces) {
    const started = await startFace(face, { config, store, clock, log });
    origins.set(face.name, config.publicUrl[face.name] ?? started.url);
    running.push(started);
  }
  const control = await startHttpServer({
    listen: config.listen.control,
    handle: serveControl({ store, clock, faces: running }, config.control),
    log,
  });
  return {
    address: control.address,
    async stop() {
      await control.stop();
      await Promise.all(running.map((one) => one.stop()));
      await store.close();
    },
  };
}

async function startFace(
  face: Face,
  { config, store, clock, log }: Shared,
): Promise<Running & { stop(): Promise<void> }> {
  const courier = createCourier({
    maxSockets: MAX_CALLBACKS_IN_FLIGHT,
    answerMs: face.answerMs,
    maxAnswerBytes: MAX_ANSWER_BYTES,
  });
  const sender = createSender({ face, notify: config.notify, courier });
  const { schedulePercent } = config;
  const listen = config.listen[face.name];
  const dispatcher = startDispatcher({ face, store, clock, sender, schedulePercent, log });
  const handle = serveFace(face, dispatcher.nudge);
  const server = await startHttpServer({ listen, handle, log, limits: HTTP_LIMITS });
  const host = ["0.0.0.0", "[::]"].includes(listen.host) ? "127.0.0.1" : listen.host;
  return {
    face,
    sender,
    dispatcher,
    url: `http://${host}:${server.port}`,
    async stop() {
      await server.stop();
      await dispatcher.stop();
      courier.close();
    },
  };
}

const USAGE = `Simulators of Alipay, WeChat Pay and Stripe, to develop and test against.

    node simulators/providers/main.ts [--help]

By default Alipay listens on 127.0.0.1:50060, WeChat Pay on 50061, Stripe on 50062, and the control
interface on 50063. GET /control/accounts has the keys that a shop is configured with. The settings
SHOP_SIMULATORS_* are in docs/settings.md, and everything else is in simulators/providers/README.md.
`;

if (import.meta.main) {
  if (process.argv.includes("--help")) process.stdout.write(USAGE);
  else runService(start);
}
