import { randomBytes, randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { FACTS } from "#proto/events.ts";
import type { ServiceName } from "#proto/services.ts";
import { openParkedMessages } from "../../../ops/parked/messages.ts";
import { connectedBroker, redeliver } from "../../../ops/parked/redeliver.ts";
import { asOperator } from "../../../testbed/system/operator.ts";
import { retryThroughFaults } from "../../../testbed/system/retry.ts";
import type { System } from "../../../testbed/system/system.ts";
import type { Fault, ScriptContext } from "../fault.ts";
import { restartEach } from "./steps.ts";

const CONSUMERS = FACTS.flatMap(({ fact, consumers }) =>
  consumers.map((service): [ServiceName, fact: string] => [service, fact]),
);
const durableOf = (service: ServiceName, fact: string) => `${service}_${fact.replaceAll(".", "_")}`;

/** Runs a statement with each event that a consumer records in its inbox, until healed. */
async function onEachEvent(
  { sql }: System,
  [service, fact]: (typeof CONSUMERS)[number],
  statement: string,
): Promise<() => Promise<void>> {
  const trigger = `create trigger fault_inbox before insert on inbox for each row
     if new.consumer = '${durableOf(service, fact)}' then ${statement}; end if`;
  const remove = async () => {
    await retryThroughFaults(() => sql(service, "drop trigger if exists fault_inbox"));
  };
  await remove();
  await retryThroughFaults(() => sql(service, trigger));
  return remove;
}

const FAILS = "signal sqlstate '45000' set message_text = 'always fails'";

export const failHandler: Fault = {
  name: "handler-fails",
  catalogue: ["F53"],
  what: "one consumer fails at every event, and works again before anything is parked",
  holdMs: [3_000, 15_000],
  inject: (context) => failAtOne(context),
};

/** Makes one consumer fail at every event, until healed. */
export async function failAtOne({
  system,
  random,
  log,
}: Pick<ScriptContext, "system" | "random" | "log">): Promise<() => Promise<void>> {
  const consumer = random.pick(CONSUMERS);
  log(consumer.join(" fails at "));
  return onEachEvent(system, consumer, FAILS);
}

const PARKED_WITHIN_MS = 180_000;
const MAX_ATTEMPTS = 8;

/** Lasts until all attempts are used up; then an operator restarts the parked messages. */
export const failHandlerForLong: Fault = {
  name: "handler-fails-for-long",
  catalogue: ["F53", "F54"],
  what: "one consumer fails until messages are parked, without a listener for advisories; an operator restarts them",
  async run(context) {
    const { system, random, log, signal } = context;
    const consumer = random.pick(CONSUMERS);
    log(consumer.join(" fails at "));
    const mend = await onEachEvent(system, consumer, FAILS);
    try {
      const deadline = Date.now() + PARKED_WITHIN_MS;
      while (!signal.aborted && (await parkedOf(system)).length === 0) {
        if (Date.now() > deadline)
          throw new Error(`no message was parked in ${PARKED_WITHIN_MS / 1_000} s`);
        await pause(500);
      }
    } finally {
      await mend();
    }
    await context.load?.stop();
    await restartParked(context);
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

/**
 * Restarts the parked messages as `npm run parked` does. Messages in progress may still succeed or
 * be parked.
 */
async function restartParked({ system, log }: ScriptContext): Promise<void> {
  const { namespace, database, brokers } = system;
  const messages = await openParkedMessages({ mysqlUrl: database.url, namespace });
  const servers = brokers.nodes.map(({ url }) => url);
  const broker = await connectedBroker({ servers, namespace, replicas: brokers.replicas });
  try {
    const parked = (await messages.list()).filter(({ state }) => state === "parked");
    const tooMany = parked.filter(({ attempts }) => attempts > MAX_ATTEMPTS);
    if (tooMany.length > 0)
      throw new Error(`${tooMany.length} messages were tried more than ${MAX_ATTEMPTS} times`);
    for (const message of parked) await redeliver(message, { messages, broker, namespace });
    log(`${parked.length} parked messages were restarted`);
  } finally {
    await broker.close();
    await messages.close();
  }
}

export const hangHandler: Fault = {
  name: "handler-hangs",
  catalogue: ["F53"],
  what: "a replica hangs while it handles events, with an open transaction, for longer than ack_wait; then it is restarted",
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
  what: "every consumer needs up to 0.8 s for each event; waiting messages are not redelivered again and again",
  holdMs: [10_000, 25_000],
  async inject({ system, random }) {
    const kinds = [...new Set(CONSUMERS.map(([service]) => service))];
    const seconds = random.between(1, 8) / 10;
    const trigger = `create trigger fault_slow before insert on inbox for each row do sleep(${seconds})`;
    const remove = async () => {
      for (const service of kinds) {
        await retryThroughFaults(() => system.sql(service, "drop trigger if exists fault_slow"));
      }
    };
    await remove();
    for (const service of kinds) await retryThroughFaults(() => system.sql(service, trigger));
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
/** Below the broker's limit for a message, with space for the headers. */
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
    {
      what: "an id that is not a number",
      headers: { ...named(), "Shop-Event-Id": "NaN" },
      payload: nothing,
    },
    { what: "an unknown type", headers: named("shop.event.v1.OrderVanished"), payload: nothing },
    {
      what: "an unknown version",
      headers: named((TYPES[fact] ?? "").replace("v1", "v2")),
      payload: nothing,
    },
    { what: "text for protobuf", headers: named(), payload: Buffer.from('{"orderId":"NaN"}') },
    { what: "a truncated message", headers: named(), payload: Buffer.from("0a7f0102", "hex") },
    { what: "a megabyte", headers: named(), payload: Buffer.alloc(MEGABYTE, 0xff) },
  ];
}

export const poisonMessages: Fault = {
  name: "messages-poisoned",
  catalogue: ["F52", "F54"],
  what: "unreadable messages of every kind at every consumer: each is parked unchanged, and all others are processed",
  async run(context) {
    const { system, load, random, injected, log } = context;
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
    const parked = await untilParked(context, expectedOf(published));
    log(`${parked} messages were parked`);
    // An operator deletes them.
    for (const service of new Set(CONSUMERS.map(([name]) => name))) {
      await system.sql(service, "delete from parked_messages where state = 2");
    }
  },
};

/**
 * What must be parked: each message once at each consumer of its subject, as "consumer payload".
 */
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
      throw new Error(`${found.length} messages are parked, expected ${expected.length}`);
    }
    await pause(500);
  }
}
