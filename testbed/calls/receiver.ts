import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";

export type Received = {
  atMs: number;
  path: string;
  headers: IncomingHttpHeaders;
  body: Buffer;
  // biome-ignore lint/suspicious/noExplicitAny: tests look at what they sent.
  json: any;
};

/** "hang" never answers; "cut" ends the connection. */
type Reaction = { status: number; body: string } | "hang" | "cut";

export type Receiver = {
  url: string;
  received: Received[];
  /** Decides the reaction to each callback from now on. Default: the success answer. */
  react: (request: Received) => Reaction;
  stop(): Promise<void>;
};

export const success = { status: 200, body: "success" };

/** Starts a server that takes callbacks as a shop does, and records each. */
export async function startReceiver(port = 0): Promise<Receiver> {
  const receiver = {
    received: [] as Received[],
    react: ((): Reaction => success) as Receiver["react"],
  };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const body = Buffer.concat(chunks);
      const { headers, url = "" } = request;
      const json = JSON.parse(body.toString() || "null");
      const one = { atMs: Date.now(), path: url, headers, body, json };
      receiver.received.push(one);
      const reaction = receiver.react(one);
      if (reaction === "hang") return;
      if (reaction === "cut") request.socket.destroy();
      else response.writeHead(reaction.status).end(reaction.body);
    });
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  return Object.assign(receiver, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  });
}
