import assert from "node:assert/strict";
import { fromBinary } from "@bufbuild/protobuf";
import { anyUnpack } from "@bufbuild/protobuf/wkt";
import { Reason, Refusal } from "#platform/values/refusal.ts";
import {
  BadRequestSchema,
  ErrorInfoSchema,
  RetryInfoSchema,
} from "#proto/google/rpc/error_details_pb.ts";
import { StatusSchema } from "#proto/google/rpc/status_pb.ts";
import { decodeErrorInfo, encodeStatus } from "./status-details.ts";

describe("status details", () => {
  const violations = [{ field: "lines[2].quantity", description: "must be positive" }];
  const detailsOf = (refusal: Refusal) => {
    const { details } = fromBinary(StatusSchema, encodeStatus(3, "text", refusal));
    const found = <T>(values: (T | undefined)[]) => values.find((value) => value !== undefined);
    return {
      names: details.map(({ typeUrl }) => typeUrl.replace("type.googleapis.com/", "")),
      info: found(details.map((one) => anyUnpack(one, ErrorInfoSchema))),
      fields: found(details.map((one) => anyUnpack(one, BadRequestSchema))),
      retry: found(details.map((one) => anyUnpack(one, RetryInfoSchema))),
    };
  };

  it("name the reason and its facts in the messages that every client knows", () => {
    const refusal = new Refusal(Reason.STOCK_NOT_ENOUGH, { goods_id: "7" });
    const { names, info, fields, retry } = detailsOf(refusal);
    assert.deepEqual(names, ["shop.common.v1.ErrorInfo", "google.rpc.ErrorInfo"]);
    assert.equal(info?.reason, "REASON_STOCK_NOT_ENOUGH");
    assert.equal(info?.domain, "jetshop");
    assert.deepEqual(info?.metadata, { goods_id: "7" });
    assert.equal(fields, undefined);
    assert.equal(retry, undefined);
  });

  it("name the fields at fault", () => {
    const { fields } = detailsOf(new Refusal(Reason.INVALID_ARGUMENT, {}, violations));
    assert.equal(fields?.fieldViolations[0]?.field, "lines[2].quantity");
    assert.equal(fields?.fieldViolations[0]?.description, "must be positive");
  });

  it("say when to retry", () => {
    const limited = new Refusal(Reason.RATE_LIMITED, { retry_after_ms: "2500" });
    assert.equal(detailsOf(limited).retry?.retryDelay?.seconds, 2n);
    assert.equal(detailsOf(limited).retry?.retryDelay?.nanos, 500_000_000);
    const down = new Refusal(Reason.PROVIDER_UNAVAILABLE);
    assert.equal(detailsOf(down).retry?.retryDelay?.seconds, 1n);
  });

  it("fit into the trailers that every client accepts", () => {
    const many = Array.from({ length: 20 }, (_, index) => ({
      field: `lines[${index}].quantity`,
      description: "x".repeat(100),
    }));
    const refusal = new Refusal(Reason.INVALID_ARGUMENT, {}, many);
    const encoded = encodeStatus(3, "text", refusal);
    assert.ok(encoded.toString("base64").length < 7_000);
    assert.deepEqual(decodeErrorInfo(encoded)?.violations, many);
  });
});
