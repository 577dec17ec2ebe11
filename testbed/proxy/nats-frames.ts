/** A frame of the NATS client protocol as it stands on the wire; `subject` of one that publishes. */
type NatsFrame = { bytes: Buffer; subject: string | undefined };

const LINE_END = Buffer.from("\r\n");
const PUBLISHES = /^H?PUB (\S+) (?:\S+ )?(?:\d+ )?(\d+)$/i;

/**
 * Cuts what one client sends into frames, however the packets fall: a line, and of PUB and HPUB the payload, too. A
 * connection that was joined in the middle of a frame is passed on as it comes until a line begins that is known.
 */
export function natsFrames(): (bytes: Buffer) => NatsFrame[] {
  let rest: Buffer = Buffer.alloc(0);
  return (bytes) => {
    rest = rest.length === 0 ? bytes : Buffer.concat([rest, bytes]);
    const frames: NatsFrame[] = [];
    for (;;) {
      const end = rest.indexOf(LINE_END);
      if (end < 0) return frames;
      const line = rest.toString("latin1", 0, end);
      const publishing = PUBLISHES.exec(line);
      const payload = publishing ? Number(publishing[2]) + LINE_END.length : 0;
      const length = end + LINE_END.length + payload;
      if (rest.length < length) return frames;
      frames.push({ bytes: rest.subarray(0, length), subject: publishing?.[1] });
      rest = rest.subarray(length);
    }
  };
}
