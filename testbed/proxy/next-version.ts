import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import type { PublishRule } from "./filters.ts";

/** Above all field numbers of the contract. */
const UNKNOWN_FIELDS = [19_001, 19_002] as const;

/**
 * Fields that only a later version of a message has. Appended to the bytes of a message, they are
 * part of it.
 */
export function unknownFields(): Uint8Array {
  const writer = new BinaryWriter();
  writer.tag(UNKNOWN_FIELDS[0], WireType.Varint).uint64(7n);
  writer.tag(UNKNOWN_FIELDS[1], WireType.LengthDelimited).string("a field of the next version");
  return writer.finish();
}

const HEAD = /^HPUB (\S+) (\S+ )?(\d+) (\d+)$/;
const LINE_END = "\r\n";

/** Adds fields to each event that its receivers do not know. */
export function withUnknownFields(count: () => void): PublishRule {
  return ({ bytes }) => {
    const end = bytes.indexOf(LINE_END);
    const head = HEAD.exec(bytes.toString("latin1", 0, end));
    // The shop's events have headers.
    if (!head) return [bytes];
    count();
    const [, subject, reply = "", headerBytes, all] = head;
    const added = unknownFields();
    const line = `HPUB ${subject} ${reply}${headerBytes} ${Number(all) + added.length}${LINE_END}`;
    const content = bytes.subarray(end + LINE_END.length, bytes.length - LINE_END.length);
    return [Buffer.concat([Buffer.from(line), content, added, Buffer.from(LINE_END)])];
  };
}
