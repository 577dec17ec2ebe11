import { connect } from "node:net";

/**
 * Sends these bytes and resolves to the response head, or to what arrived before the server closed.
 * With `dripEveryMs` it keeps sending one byte per interval.
 */
export function sendRaw(
  port: number,
  text: string,
  { dripEveryMs }: { dripEveryMs?: number } = {},
): Promise<string> {
  return new Promise((resolve) => {
    let answer = "";
    const socket = connect(port, "127.0.0.1", () => socket.write(text, "latin1"));
    const drip = dripEveryMs ? setInterval(() => socket.write("x"), dripEveryMs) : undefined;
    socket.setEncoding("latin1");
    socket.on("data", (chunk: string) => {
      answer += chunk;
      if (answer.includes("\r\n\r\n")) socket.destroy();
    });
    socket.on("error", () => {});
    socket.on("close", () => {
      clearInterval(drip);
      resolve(answer);
    });
  });
}

/**
 * Sends `head` and then `bytes` zero bytes as fast as the server reads them. Resolves to the
 * response and to how many of the bytes the socket accepted.
 */
export function flood(
  port: number,
  head: string,
  bytes: number,
): Promise<{ text: string; taken: number }> {
  return new Promise((resolve) => {
    let text = "";
    let left = bytes;
    const block = Buffer.alloc(65_536);
    const socket = connect(port, "127.0.0.1", () => {
      socket.write(head);
      const more = () => {
        while (left > 0 && !socket.destroyed) {
          left -= block.length;
          if (!socket.write(block)) {
            socket.once("drain", more);
            return;
          }
        }
      };
      more();
    });
    socket.setEncoding("latin1").on("data", (chunk: string) => {
      text += chunk;
    });
    socket.on("error", () => {});
    socket.on("close", () => resolve({ text, taken: bytes - left }));
  });
}
