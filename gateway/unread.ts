import type { UniversalServerResponse } from "@connectrpc/connect/protocol";
import type { GatewayCall } from "./gateway-call.ts";
import type { Shares } from "./shares.ts";

/** Counts the bytes of an answer as unread until it has ended. */
export function counted(
  answer: UniversalServerResponse,
  counting: { unread: Shares | undefined; call: GatewayCall; ended: Promise<void> },
): UniversalServerResponse {
  const { unread, call, ended } = counting;
  const { body } = answer;
  if (!body || !unread) return answer;
  const length = Number(answer.header?.get("content-length") ?? 0);
  if (length > 0) {
    unread.take(call.network, length);
    void ended.then(() => unread.give(call.network, length));
    return answer;
  }
  let bytes = 0;
  let isOver = false;
  void ended.then(() => {
    isOver = true;
    unread.give(call.network, bytes);
  });
  const chunks = async function* () {
    for await (const chunk of body) {
      if (!isOver) {
        bytes += chunk.length;
        unread.take(call.network, chunk.length);
      }
      yield chunk;
    }
  };
  return { ...answer, body: chunks() };
}
