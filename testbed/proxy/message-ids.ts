import { randomBytes } from "node:crypto";

const MESSAGE_ID = /\r\nNats-Msg-Id: ?([^\r]+)\r\n/;

/**
 * A publication with another message id, so that the stream takes it for a new one. The id has the
 * same length, because the frame contains the lengths of its parts.
 */
export function underAnotherId(frame: Buffer): Buffer {
  const text = frame.toString("latin1");
  const found = MESSAGE_ID.exec(text);
  if (!found) return frame;
  const [, id = ""] = found;
  const at = text.indexOf(id, found.index + "\r\nNats-Msg-Id:".length);
  const other = randomBytes(id.length).toString("hex").slice(0, id.length);
  return Buffer.concat([
    frame.subarray(0, at),
    Buffer.from(other, "latin1"),
    frame.subarray(at + id.length),
  ]);
}
