import { asOperator, shopStreams } from "../../../testbed/system/operator.ts";
import type { System } from "../../../testbed/system/system.ts";

/** Publishes all that the shop's streams hold once more, under message ids that the broker has not seen. */
export async function sendAllAgain(system: System): Promise<void> {
  await asOperator(system, async (operator) => {
    const { manager } = operator;
    for (const stream of await shopStreams(system, operator)) {
      const { state } = await manager.streams.info(stream);
      for (let seq = state.first_seq; seq <= state.last_seq; seq += 1) {
        const message = await manager.streams.getMessage(stream, { seq });
        if (!message) continue;
        const headers = Object.fromEntries(
          [...message.header].map(([name, values]) => [name, values.join(",")]),
        );
        headers["Nats-Msg-Id"] = `again ${seq}`;
        await operator.publish({ subject: message.subject, headers, payload: message.data });
      }
    }
  });
}
