import { DeliverPolicy } from "@nats-io/jetstream";
import type { Operator } from "../../../testbed/system/broker.ts";
import { asOperator, shopStreams } from "../../../testbed/system/operator.ts";
import type { Fault, Heal } from "../fault.ts";

const nothing: Heal = async () => {};

export const deleteStream: Fault = {
  name: "stream-deleted",
  catalogue: ["F43"],
  what: "an operator deletes or purges a stream while it is in use, and does not restore it",
  async inject({ system, random, log }) {
    await asOperator(system, async (operator) => {
      const streams = await shopStreams(system, operator);
      for (const stream of random.some(streams, random.between(1, 2))) {
        const isPurged = random.chance(0.3);
        log(`${isPurged ? "purges" : "deletes"} ${stream}`);
        if (isPurged) await operator.manager.streams.purge(stream);
        else await operator.manager.streams.delete(stream);
      }
    });
    return nothing;
  },
};

type Durable = { stream: string; durable: string };

/** What an operator may do to a durable consumer. */
const TREATMENTS: Record<string, (operator: Operator, durable: Durable) => Promise<unknown>> = {
  deletes: ({ manager }, { stream, durable }) => manager.consumers.delete(stream, durable),
  "recreates from the first message": (operator, durable) =>
    recreate(operator, durable, DeliverPolicy.All),
  // Skips all that it has not delivered yet.
  "recreates for new messages only": (operator, durable) =>
    recreate(operator, durable, DeliverPolicy.New),
};

async function recreate(
  { manager }: Operator,
  { stream, durable }: Durable,
  deliver: DeliverPolicy,
): Promise<void> {
  const { config } = await manager.consumers.info(stream, durable);
  await manager.consumers.delete(stream, durable);
  const { filter_subject, ack_policy, ack_wait, max_deliver, max_ack_pending } = config;
  const same = { filter_subject, ack_policy, ack_wait, max_deliver, max_ack_pending };
  const wanted = { ...same, durable_name: durable, deliver_policy: deliver };
  // If a replica has recreated it first, that consumer stays.
  await manager.consumers.add(stream, wanted).catch(() => {});
}

export const deleteDurable: Fault = {
  name: "durable-deleted",
  catalogue: ["F44"],
  what: "an operator deletes durable consumers, or recreates them to deliver all messages again or only new ones",
  async inject({ system, random, log }) {
    await asOperator(system, async (operator) => {
      const all: Durable[] = [];
      for (const stream of await shopStreams(system, operator)) {
        for await (const { name } of operator.manager.consumers.list(stream)) {
          all.push({ stream, durable: name });
        }
      }
      for (const durable of random.some(all, random.between(1, all.length))) {
        const how = random.pick(Object.keys(TREATMENTS));
        log(`${how} ${durable.durable}`);
        await TREATMENTS[how]?.(operator, durable);
      }
    });
    return nothing;
  },
};
