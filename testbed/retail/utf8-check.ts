import { isUtf8 } from "node:buffer";
import { Transform } from "node:stream";

/** The text is not UTF-8. The message says which line, or what else it seems to be. */
export class EncodingFault extends Error {}

const NEWLINE = 0x0a;
const REMEDY = "convert the file to UTF-8, for example with iconv";

/**
 * Passes text on unchanged, and fails at the first line that is not UTF-8. Otherwise a decoder
 * would replace what it cannot read, in silence.
 */
export function utf8Check(): Transform {
  let line = 0;
  /** The beginning of a line whose end is in a later chunk. */
  let rest = Buffer.alloc(0);

  function checkLine(bytes: Buffer): void {
    line += 1;
    const first = line === 1 ? bytes.subarray(0, 2).toString("hex") : "";
    if (first === "fffe" || first === "feff") {
      throw new EncodingFault(`is UTF-16; ${REMEDY}`);
    }
    if (bytes.includes(0)) {
      throw new EncodingFault(`line ${line} has a zero byte, as in UTF-16; ${REMEDY}`);
    }
    if (!isUtf8(bytes)) {
      throw new EncodingFault(`line ${line} is not UTF-8, but perhaps Latin-1; ${REMEDY}`);
    }
  }

  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      try {
        let start = 0;
        for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
          checkLine(Buffer.concat([rest, chunk.subarray(start, end)]));
          rest = Buffer.alloc(0);
          start = end + 1;
        }
        rest = Buffer.concat([rest, chunk.subarray(start)]);
        done(null, chunk);
      } catch (error) {
        done(error as Error);
      }
    },
    flush(done) {
      try {
        if (rest.length > 0) checkLine(rest);
        done();
      } catch (error) {
        done(error as Error);
      }
    },
  });
}
