import { type Agent, request } from "node:http";
import { DEVELOPMENT_SANDBOX_SECRET } from "../../simulators/sandbox/config.ts";
import { signedHeaders } from "../../simulators/sandbox/signature.ts";

/** Sends a callback as the provider does. Resolves to whether the shop answered with success. */
export function postCallback(agent: Agent, url: URL, body: Uint8Array): Promise<boolean> {
  const signed = signedHeaders(DEVELOPMENT_SANDBOX_SECRET, body, Date.now());
  const headers = { "content-type": "application/json", "content-length": body.length, ...signed };
  return new Promise((resolve) => {
    const sending = request(url, { method: "POST", agent, headers }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (part: string) => {
        text += part;
      });
      response.on("error", () => resolve(false));
      response.on("end", () => resolve(response.statusCode === 200 && text === "success"));
    });
    sending.on("error", () => resolve(false));
    sending.end(body);
  });
}
