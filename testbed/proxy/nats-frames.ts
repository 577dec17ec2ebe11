/** A frame of the NATS client protocol; `subject` is set for a publication. */
type NatsFrame = { bytes: Buffer; subject: string | undefined };

const LINE_END = Buffer.from("\r\n");
const PUBLISHES = /^H?PUB (\S+) (?:\S+ )?(?:\d+ )?(\d+)$/i;

/**
 * Splits what one client sends into frames, independently of packets: a line, and for PUB and HPUB
 * the payload. When the first packet starts within a frame, its bytes pass as they come until a
 * known line starts.
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
