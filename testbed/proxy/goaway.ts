import type { Filter } from "./pipe.ts";

const GOAWAY = 7;
const HEADER_BYTES = 9;
/** No stream is given up: those that run end, new ones go to another connection. */
const EVERY_STREAM = 0x7fff_ffff;

/** The frame by which a server of HTTP/2 says that it takes no new calls on this connection. */
function goaway(): Buffer {
  const frame = Buffer.alloc(HEADER_BYTES + 8);
  frame.writeUIntBE(8, 0, 3);
  frame.writeUInt8(GOAWAY, 3);
  frame.writeUInt32BE(EVERY_STREAM, HEADER_BYTES);
  return frame;
}

/** True where the packet is made of whole frames, so that another one may follow it. */
export function isWholeFrames(bytes: Buffer): boolean {
  let at = 0;
  while (at + HEADER_BYTES <= bytes.length) at += HEADER_BYTES + bytes.readUIntBE(at, 3);
  return at === bytes.length;
}

/** Tells the caller to go away, behind some of the replies; `next` says behind which. */
export function sayGoaway(next: () => boolean): { filter: Filter; said: () => number } {
  const told = new Set<number>();
  let said = 0;
  const filter: Filter = ({ way, bytes, connection }) => {
    const may = way === "reply" && !told.has(connection) && isWholeFrames(bytes);
    if (!may || !next()) return "pass";
    told.add(connection);
    said += 1;
    return [bytes, goaway()];
  };
  return { filter, said: () => said };
}
