import { connect } from "node:net";

/** What a server answers to these bytes, until it closes or the answer is there. */
export function raw(
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

/** Sends so many bytes after the head, as fast as they are taken. */
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
