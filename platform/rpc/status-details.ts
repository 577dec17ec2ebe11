import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { type Any, AnySchema, anyPack, anyUnpack } from "@bufbuild/protobuf/wkt";
import { errorInfo, fromErrorInfo, type Refusal } from "#platform/values/refusal.ts";
import { ErrorInfoSchema } from "#proto/shop/common/v1/error_pb.ts";

// google.rpc.Status: int32 code = 1, string message = 2, repeated google.protobuf.Any details = 3
// (googleapis, google/rpc/status.proto). Three fields do not justify a generated copy of that
// contract.
const CODE = 1;
const MESSAGE = 2;
const DETAILS = 3;

/** A google.rpc.Status whose only detail is the refusal, as a shop.common.v1.ErrorInfo. */
export function encodeStatus(code: number, message: string, refusal: Refusal): Buffer {
  const detail = anyPack(ErrorInfoSchema, create(ErrorInfoSchema, errorInfo(refusal)));
  const writer = new BinaryWriter();
  writer.tag(CODE, WireType.Varint).int32(code);
  writer.tag(MESSAGE, WireType.LengthDelimited).string(message);
  writer.tag(DETAILS, WireType.LengthDelimited).bytes(toBinary(AnySchema, detail));
  return Buffer.from(writer.finish());
}

/** The refusal in a google.rpc.Status. Undefined if it has none, or if the bytes are malformed. */
export function decodeErrorInfo(bytes: Uint8Array): Refusal | undefined {
  try {
    for (const detail of readDetails(bytes)) {
      const info = anyUnpack(detail, ErrorInfoSchema);
      if (info) return fromErrorInfo(info);
    }
  } catch {
    // Malformed details of a server outside the shop: the status code still counts.
  }
  return undefined;
}

function readDetails(bytes: Uint8Array): Any[] {
  const reader = new BinaryReader(bytes);
  const details: Any[] = [];
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    if (field === DETAILS) details.push(fromBinary(AnySchema, reader.bytes()));
    else reader.skip(wireType, field);
  }
  return details;
}
