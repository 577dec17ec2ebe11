import { DeliverPolicy } from "@nats-io/jetstream";
import type { Operator } from "../../../testbed/system/broker.ts";
import { asOperator, shopStreams } from "../../../testbed/system/operator.ts";
import type { Fault, Heal } from "../fault.ts";

const nothing: Heal = async () => {};

export const deleteStream: Fault = {
  name: "stream-deleted",
  catalogue: ["F43"],
  what: "an operator deletes or empties a stream while it is written and read; nobody puts it back",
  async inject({ system, random, log }) {
    await asOperator(system, async (operator) => {
      const streams = await shopStreams(system, operator);
      for (const stream of random.some(streams, random.between(1, 2))) {
        const isEmptied = random.chance(0.3);
        log(`${isEmptied ? "empties" : "deletes"} ${stream}`);
        if (isEmptied) await operator.manager.streams.purge(stream);
        else await operator.manager.streams.delete(stream);
      }
    });
    return nothing;
  },
};

type Durable = { stream: string; durable: string };

/** What an operator does to a durable consumer. */
const TREATMENTS: Record<string, (operator: Operator, durable: Durable) => Promise<unknown>> = {
  deletes: ({ manager }, { stream, durable }) => manager.consumers.delete(stream, durable),
  "makes anew, from the first message on,": (operator, durable) =>
    recreate(operator, durable, DeliverPolicy.All),
  // All that it had not delivered yet is passed over.
  "makes anew, for new messages only,": (operator, durable) =>
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
  // A replica may have made it anew before: then that one stands.
  await manager.consumers.add(stream, wanted).catch(() => {});
}

export const deleteDurable: Fault = {
  name: "durable-deleted",
  catalogue: ["F44"],
  what: "an operator deletes durable consumers, or makes them anew, so that all is delivered again, or nothing",
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
