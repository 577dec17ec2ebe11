import type { IncomingMessage } from "node:http";
import { isToAddress } from "#platform/http/answer.ts";

/**
 * Whether this client may use the control interface. A page in a local browser cannot: its JSON
 * requests would need a CORS preflight, which is not answered, and a name that is made to resolve to
 * this machine (DNS rebinding) is refused.
 */
export function mayControl(rule: "loopback" | "any" | "off", request: IncomingMessage): boolean {
  if (rule !== "loopback") return rule === "any";
  const from = request.socket.remoteAddress?.replace("::ffff:", "") ?? "";
  return (from === "::1" || from.startsWith("127.")) && isToAddress(request);
}
