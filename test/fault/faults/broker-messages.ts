import { setTimeout as pause } from "node:timers/promises";
import pMap from "p-map";
import { onPublish, type PublishRule, reversed } from "../../../testbed/proxy/filters.ts";
import { underAnotherId } from "../../../testbed/proxy/message-ids.ts";
import {
  allMessages,
  asOperator,
  publishAgain,
  shopStreams,
} from "../../../testbed/system/operator.ts";
import type { Fault, FaultContext, Heal } from "../fault.ts";
import { brokerEdges, sleep, unfiltering } from "./steps.ts";

const AT_ONCE = 32;

/** Applies a rule to each event that a service publishes, on every edge to a broker. */
function onEveryEvent({ system }: FaultContext, ruleOf: () => PublishRule): Heal {
  const events = new RegExp(`^${system.namespace}\\.`);
  const edges = brokerEdges(system);
  for (const edge of edges) edge.filter(onPublish(events, ruleOf()));
  return unfiltering(edges);
}

/**
 * Some under the same message id, which the stream deduplicates, and some under others, which it
 * does not.
 */
export const doubleMessages: Fault = {
  name: "messages-doubled",
  catalogue: ["F49"],
  what: "each event is published two to six times, under its message id and under others",
  holdMs: [3_000, 10_000],
  async inject(context) {
    const { random } = context;
    return onEveryEvent(context, () => ({ bytes }) => {
      const more = Array.from({ length: random.between(1, 5) }, () =>
        random.chance(0.6) ? underAnotherId(bytes) : bytes,
      );
      // A repetition may come first.
      return random.some([bytes, ...more], more.length + 1);
    });
  },
};

export const reorderMessages: Fault = {
  name: "messages-reordered",
  catalogue: ["F50"],
  what: "events are held and published in reverse order, some after their publisher has timed out",
  holdMs: [5_000, 15_000],
  async inject(context) {
    const { random } = context;
    return onEveryEvent(context, () => reversed(random.between(2, 12), random.between(300, 7_000)));
  },
};

const LATE_SHARE = 0.3;
const LATE_MS = [6_000, 30_000] as const;

export const delayMessages: Fault = {
  name: "messages-late",
  catalogue: ["F51"],
  what: "events arrive up to 30 s late, after they were published again; then all events are published once more in another order",
  async run(context) {
    const { random, signal, injected, judge, log } = context;
    let held = 0;
    const heal = onEveryEvent(context, () => ({ bytes, inject }) => {
      if (!random.chance(LATE_SHARE)) return [bytes];
      held += 1;
      setTimeout(
        () => {
          held -= 1;
          inject(underAnotherId(bytes));
        },
        random.between(...LATE_MS),
      ).unref();
      return [];
    });
    await sleep(random.between(10_000, 20_000), signal);
    await heal();
    await context.load?.stop();
    log(`${held} events are still delayed`);
    while (held > 0) await pause(100);
    injected();
    await judge("late events");
    const published = await allMessages(context.system);
    await publishAgain(context.system, random.some(published, published.length));
    injected();
    log(`all ${published.length} messages were published again`);
  },
};

const MANY = 1_000;
const SHORT_WINDOW_NS = 100_000_000;

export const repeatMessages: Fault = {
  name: "messages-repeated",
  catalogue: ["F49"],
  what: "old events are published again beside new ones: once, twice and 1,000 times, under other message ids and, outside the duplicate window, under their own",
  async run(context) {
    const { system, random, injected, log } = context;
    const published = await allMessages(system);
    await publishAgain(system, published);
    await publishAgain(system, [...published, ...published]);
    for (const one of random.some(published, 3)) {
      log(`${one.subject} ${MANY} times`);
      await publishAgain(
        system,
        Array.from({ length: MANY }, () => one),
      );
    }
    injected(3);
    await asOperator(system, async (operator) => {
      const { manager } = operator;
      for (const stream of await shopStreams(system, operator)) {
        const { config } = await manager.streams.info(stream);
        await manager.streams.update(stream, { ...config, duplicate_window: SHORT_WINDOW_NS });
        await pause(200);
        const before = (await manager.streams.info(stream)).state.messages;
        const own = published.filter((message) => message.stream === stream);
        await pMap(own, (message) => operator.publish(message), { concurrency: AT_ONCE });
        const { state } = await manager.streams.info(stream);
        log(
          `${stream} stored ${state.messages - before} of ${own.length} messages under their own ids`,
        );
        await manager.streams.update(stream, config);
      }
    });
    injected();
  },
};
