import { Agent as HttpAgent, request as httpRequest } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";

/** The body and the headers of one request. The type defaults to JSON. */
export type Message = { headers: Record<string, string>; body: Uint8Array };

export type Reply = { status: number; body: string };

export type Courier = {
  /** Sends one POST. Follows no redirect. Throws if there is no answer in time. */
  post(url: string, message: Message): Promise<Reply>;
  close(): void;
};

type Limits = {
  /** Connections to one host. */
  maxSockets: number;
  answerMs: number;
  maxAnswerBytes: number;
};

/** A client that keeps its connections, so that a burst of callbacks does not open thousands. */
export function createCourier(limits: Limits): Courier {
  const options = { keepAlive: true, maxSockets: limits.maxSockets };
  const agents = { http: new HttpAgent(options), https: new HttpsAgent(options) };
  return {
    post: (url, message) => post(url, message, { agents, limits }),
    close() {
      agents.http.destroy();
      agents.https.destroy();
    },
  };
}

/** The outcome of a request without an answer: "no answer", "ECONNREFUSED"... */
export function failureText(error: unknown): string {
  const { code, name, message } = error as NodeJS.ErrnoException;
  return name === "TimeoutError" ? "no answer" : (code ?? message);
}

function post(
  url: string,
  { headers, body }: Message,
  { agents, limits }: { agents: { http: HttpAgent; https: HttpsAgent }; limits: Limits },
): Promise<Reply> {
  const signal = AbortSignal.timeout(limits.answerMs);
  const options = {
    method: "POST",
    headers: { "content-type": "application/json", "content-length": body.length, ...headers },
    signal,
  };
  return new Promise((resolve, reject) => {
    const fail = (error: Error) => reject(signal.aborted ? (signal.reason as Error) : error);
    const request = url.startsWith("https:")
      ? httpsRequest(url, { ...options, agent: agents.https })
      : httpRequest(url, { ...options, agent: agents.http });
    request.on("error", fail);
    request.on("response", (response) => {
      const chunks: Buffer[] = [];
      let length = 0;
      response.on("data", (chunk: Buffer) => {
        length += chunk.length;
        if (length <= limits.maxAnswerBytes) chunks.push(chunk);
        else response.destroy(new Error(`answer has more than ${limits.maxAnswerBytes} bytes`));
      });
      response.on("error", fail);
      response.on("end", () => {
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() });
      });
    });
    request.end(body);
  });
}
