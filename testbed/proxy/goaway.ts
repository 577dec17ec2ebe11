import type { Filter } from "./pipe.ts";

const GOAWAY = 7;
const HEADER_BYTES = 9;
/** All streams of the connection may end; new calls use another connection. */
const EVERY_STREAM = 0x7fff_ffff;

/** The HTTP/2 frame by which a server takes no new calls on a connection. */
function goaway(): Buffer {
  const frame = Buffer.alloc(HEADER_BYTES + 8);
  frame.writeUIntBE(8, 0, 3);
  frame.writeUInt8(GOAWAY, 3);
  frame.writeUInt32BE(EVERY_STREAM, HEADER_BYTES);
  return frame;
}

/** Whether the packet consists of whole frames, so that another frame may follow it. */
export function isWholeFrames(bytes: Buffer): boolean {
  let at = 0;
  while (at + HEADER_BYTES <= bytes.length) at += HEADER_BYTES + bytes.readUIntBE(at, 3);
  return at === bytes.length;
}

/** Sends GOAWAY to the caller, once per connection, after replies for which `next` returns true. */
export function sendGoaway(next: () => boolean): { filter: Filter; sent: () => number } {
  const warned = new Set<number>();
  let sent = 0;
  const filter: Filter = ({ way, bytes, connection }) => {
    const may = way === "reply" && !warned.has(connection) && isWholeFrames(bytes);
    if (!may || !next()) return "pass";
    warned.add(connection);
    sent += 1;
    return [bytes, goaway()];
  };
  return { filter, sent: () => sent };
}
