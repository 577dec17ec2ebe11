import { randomBytes, randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { FACTS } from "#proto/events.ts";
import type { ServiceName } from "#proto/services.ts";
import { openParkedMessages } from "../../../ops/parked/messages.ts";
import { connectedBroker, redeliver } from "../../../ops/parked/redeliver.ts";
import { asOperator } from "../../../testbed/system/operator.ts";
import { retry } from "../../../testbed/system/retry.ts";
import type { System } from "../../../testbed/system/system.ts";
import type { Fault, ScriptContext } from "../fault.ts";
import { restartEach } from "./steps.ts";

const CONSUMERS = FACTS.flatMap(({ fact, consumers }) =>
  consumers.map((service): [ServiceName, fact: string] => [service, fact]),
);
const durableOf = (service: ServiceName, fact: string) => `${service}_${fact.replaceAll(".", "_")}`;

/** Runs with each event that a consumer writes down. Returns what takes it away. */
async function onEachEvent(
  { sql }: System,
  [service, fact]: (typeof CONSUMERS)[number],
  statement: string,
): Promise<() => Promise<void>> {
  const trigger = `create trigger fault_inbox before insert on inbox for each row
     if new.consumer = '${durableOf(service, fact)}' then ${statement}; end if`;
  const remove = async () => {
    await retry(() => sql(service, "drop trigger if exists fault_inbox"));
  };
  await remove();
  await retry(() => sql(service, trigger));
  return remove;
}

const FAILS = "signal sqlstate '45000' set message_text = 'fails always'";

export const failHandler: Fault = {
  name: "handler-fails",
  catalogue: ["F53"],
  what: "one kind of event always fails where it is handled, then works again, before anything is parked",
  holdMs: [3_000, 15_000],
  inject: (course) => failAtOne(course),
};

/** One kind of event fails where it is handled, until what is returned is done. */
export async function failAtOne({
  system,
  random,
  log,
}: Pick<ScriptContext, "system" | "random" | "log">): Promise<() => Promise<void>> {
  const consumer = random.pick(CONSUMERS);
  log(`${consumer.join(" fails at ")}`);
  return onEachEvent(system, consumer, FAILS);
}

const PARKED_WITHIN_MS = 180_000;
const MAX_ATTEMPTS = 8;

/** For as long as it takes until all attempts are used up; then a person starts the messages again. */
export const failHandlerForLong: Fault = {
  name: "handler-fails-for-long",
  catalogue: ["F53", "F54"],
  what: "the same until messages are parked, with nobody listening to advisories; a person starts them again",
  async run(course) {
    const { system, random, log, signal } = course;
    const consumer = random.pick(CONSUMERS);
    log(`${consumer.join(" fails at ")}`);
    const mend = await onEachEvent(system, consumer, FAILS);
    try {
      const deadline = Date.now() + PARKED_WITHIN_MS;
      while (!signal.aborted && (await parkedOf(system)).length === 0) {
        if (Date.now() > deadline) throw new Error("nothing is parked");
        await pause(500);
      }
    } finally {
      await mend();
    }
    await course.load?.stop();
    await startParkedAgain(course);
  },
};

async function parkedOf({ namespace, database }: System) {
  const messages = await openParkedMessages({ mysqlUrl: database.url, namespace });
  try {
    return (await messages.list()).filter(({ state }) => state === "parked");
  } finally {
    await messages.close();
  }
}

/** As `npm run parked` does. What is under way still comes to its own end, parked or not. */
async function startParkedAgain({ system, log }: ScriptContext): Promise<void> {
  const { namespace, database, brokers } = system;
  const messages = await openParkedMessages({ mysqlUrl: database.url, namespace });
  const servers = brokers.nodes.map(({ url }) => url);
  const broker = await connectedBroker({ servers, namespace, replicas: brokers.replicas });
  try {
    const parked = (await messages.list()).filter(({ state }) => state === "parked");
    const tooMany = parked.filter(({ attempts }) => attempts > MAX_ATTEMPTS);
    if (tooMany.length > 0) throw new Error("messages were tried after they were parked");
    for (const message of parked) await redeliver(message, { messages, broker, namespace });
    log(`${parked.length} parked messages started again`);
  } finally {
    await broker.close();
    await messages.close();
  }
}

export const hangHandler: Fault = {
  name: "handler-hangs",
  catalogue: ["F53"],
  what: "a replica stops in the middle of handling events, with its transaction open, past the waiting time for an acknowledgement; then it is started anew",
  holdMs: [31_000, 45_000],
  async inject({ system, random, log }) {
    const points: [ServiceName, string][] = [
      ["goods", "commit.before:release-stock"],
      ["goods", "commit.before:return-stock"],
      ["user", "commit.before:award-points"],
      ["user", "commit.after:refund-balance"],
      ["order", "commit.before:mark-paid"],
      ["order", "ack.before:order_pay_v1_succeeded"],
      ["pay", "commit.before:request-refunds"],
    ];
    const [service, point] = random.pick(points);
    const program = system.program(`${service}${random.between(1, 2)}`);
    log(`${program.name} hangs at ${point}`);
    await restartEach([program], { signal: "SIGKILL", env: { SHOP_FAILPOINT: `${point}:1:hang` } });
    return () => restartEach([program], { signal: "SIGKILL" });
  },
};

export const slowHandlers: Fault = {
  name: "consumers-slow",
  catalogue: ["F55"],
  what: "every consumer takes a good part of a second for each event; what waits is not delivered again and again",
  holdMs: [10_000, 25_000],
  async inject({ system, random }) {
    const kinds = [...new Set(CONSUMERS.map(([service]) => service))];
    const seconds = random.between(1, 8) / 10;
    const trigger = `create trigger fault_slow before insert on inbox for each row do sleep(${seconds})`;
    const remove = async () => {
      for (const service of kinds) {
        await retry(() => system.sql(service, "drop trigger if exists fault_slow"));
      }
    };
    await remove();
    for (const service of kinds) await retry(() => system.sql(service, trigger));
    return remove;
  },
};

type Poison = { what: string; headers: Record<string, string>; payload: Uint8Array };

/** The message of each fact that has a consumer. */
const TYPES = Object.fromEntries(
  FACTS.filter(({ consumers }) => consumers.length > 0).map(({ fact, schema }) => [
    fact,
    schema.typeName,
  ]),
);
/** Less than the broker's limit of a message by more than the headers. */
const MEGABYTE = 1_000_000;

function poisons(fact: string, eventId: () => bigint): Poison[] {
  const named = (type = TYPES[fact] ?? "") => ({
    "Shop-Event-Id": String(eventId()),
    "Shop-Event-Type": type,
  });
  const nothing = Buffer.alloc(0);
  return [
    { what: "no headers", headers: {}, payload: randomBytes(40) },
    { what: "no event id", headers: { "Shop-Event-Type": TYPES[fact] ?? "" }, payload: nothing },
    { what: "no number as id", headers: { ...named(), "Shop-Event-Id": "NaN" }, payload: nothing },
    { what: "unknown type", headers: named("shop.event.v1.OrderVanished"), payload: nothing },
    {
      what: "version 2",
      headers: named((TYPES[fact] ?? "").replace("v1", "v2")),
      payload: nothing,
    },
    { what: "text", headers: named(), payload: Buffer.from('{"orderId":"NaN"}') },
    { what: "cut short", headers: named(), payload: Buffer.from("0a7f0102", "hex") },
    { what: "a megabyte", headers: named(), payload: Buffer.alloc(MEGABYTE, 0xff) },
  ];
}

export const poisonMessages: Fault = {
  name: "messages-poisoned",
  catalogue: ["F52", "F54"],
  what: "messages that nobody can read, of every kind and at every consumer: set aside whole, and all others go on",
  async run(course) {
    const { system, load, random, injected, log } = course;
    const published: { fact: string; poison: Poison }[] = [];
    let nextId = 2n ** 62n + BigInt(Math.floor(random.next() * 2 ** 48));
    await asOperator(system, async (operator) => {
      for (const fact of Object.keys(TYPES)) {
        for (const poison of poisons(fact, () => nextId++)) {
          const { headers, payload } = poison;
          const head = { ...headers, "Nats-Msg-Id": randomUUID() };
          await operator.publish({
            subject: `${system.namespace}.${fact}`,
            headers: head,
            payload,
          });
          published.push({ fact, poison });
          injected();
        }
      }
    });
    await load?.acknowledged(20, PARKED_WITHIN_MS);
    const parked = await untilParked(course, expectedOf(published));
    log(`${parked} messages set aside`);
    // A person has seen them.
    for (const service of new Set(CONSUMERS.map(([name]) => name))) {
      await system.sql(service, "delete from parked_messages where state = 2");
    }
  },
};

/** What has to be set aside: each poison once at each consumer of its subject, by consumer and payload. */
function expectedOf(published: readonly { fact: string; poison: Poison }[]): string[] {
  return published
    .flatMap(({ fact, poison: { payload } }) => {
      return CONSUMERS.filter(([, consumed]) => consumed === fact).map(
        ([service]) => `${durableOf(service, fact)} ${Buffer.from(payload).toString("hex")}`,
      );
    })
    .sort();
}

async function untilParked({ system, signal }: ScriptContext, expected: string[]): Promise<number> {
  const deadline = Date.now() + PARKED_WITHIN_MS;
  for (;;) {
    const parked = await parkedOf(system);
    const found = parked.map((one) => `${one.consumer} ${one.payload.toString("hex")}`).sort();
    if (String(found) === String(expected) || signal.aborted) return found.length;
    if (Date.now() > deadline) {
      throw new Error(
        `${found.length} messages are set aside, not the ${expected.length} expected`,
      );
    }
    await pause(500);
  }
}
