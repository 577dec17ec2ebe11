import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { ErrorInfoSchema } from "#proto/shop/common/v1/error_pb.ts";
import { errorInfo, fromErrorInfo, type Refusal } from "./refusal.ts";

/** A refusal as shop.common.v1.ErrorInfo in binary, as rows keep it to repeat the answer. */
export function encodeRefusal(refusal: Refusal): Uint8Array {
  return toBinary(ErrorInfoSchema, create(ErrorInfoSchema, errorInfo(refusal)));
}

export function decodeRefusal(bytes: Uint8Array): Refusal {
  return fromErrorInfo(fromBinary(ErrorInfoSchema, bytes));
}
