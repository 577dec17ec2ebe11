import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { Metadata, status } from "@grpc/grpc-js";
import { Outage, Reason, Refusal } from "#platform/values/refusal.ts";
import { ReasonSchema } from "#proto/shop/common/v1/error_pb.ts";
import {
  DETAILS_TRAILER,
  refusalOfStatus,
  STATUS_OF_REASON,
  StatusError,
  statusOfError,
  statusOfRefusal,
} from "./errors.ts";
import { silent } from "./testing/echo.ts";

const inTime = { log: silent, deadlineMs: Number.POSITIVE_INFINITY };

/** The status with which the comment of each Reason begins. */
function promisedStatuses(): Map<string, string> {
  const file = new URL("../../proto/shop/common/v1/error.proto", import.meta.url);
  const pattern = /\/\/ ([A-Z_]+)[^\n]*\n(?:\s*\/\/[^\n]*\n)*\s*(REASON_[A-Z_]+) = /g;
  const matches = readFileSync(file, "utf8").matchAll(pattern);
  return new Map([...matches].map((match) => [match[2] ?? "", match[1] ?? ""]));
}

describe("errors", () => {
  const promised = promisedStatuses();
  for (const { name, number } of ReasonSchema.values.filter((value) => value.number !== 0)) {
    it(`answers ${name} with the status that error.proto names, and clients can read it`, () => {
      const refusal = new Refusal(number as Reason, { goods_id: "1" });
      const answered = statusOfRefusal(refusal);
      assert.equal(status[answered.code], promised.get(name));
      const back = refusalOfStatus(answered);
      assert.equal(back?.reason, number);
      assert.deepEqual(back?.metadata, { goods_id: "1" });
    });
  }

  it("has a status other than UNKNOWN for every reason", () => {
    const known = ReasonSchema.values.map((value) => value.number);
    const mapped = Object.keys(STATUS_OF_REASON).map(Number);
    assert.deepEqual(mapped, known);
    assert(!Object.values(STATUS_OF_REASON).includes(status.UNKNOWN));
  });

  it("carries the violations of a request with their fields", () => {
    const violations = [{ field: "lines[2].quantity", description: "must be positive" }];
    const answered = statusOfRefusal(new Refusal(Reason.INVALID_ARGUMENT, {}, violations));
    assert.deepEqual(refusalOfStatus(answered)?.violations, violations);
  });

  it("answers an outage with UNAVAILABLE, without its text", () => {
    const outage = new Outage("connect ECONNREFUSED 10.0.0.1:3306", { cause: new Error("sql") });
    const answered = statusOfError(outage, inTime);
    assert.equal(answered.code, status.UNAVAILABLE);
    assert.doesNotMatch(answered.details, /10\.0|sql/);
    assert.equal(refusalOfStatus(answered), undefined);
  });

  it("logs the outage behind a refusal, which the answer does not have", () => {
    const logged: unknown[] = [];
    const log = { warn: (fields: object) => logged.push(fields) } as unknown as typeof silent;
    const refusal = new Refusal(Reason.PROVIDER_UNAVAILABLE, { provider: "stripe" });
    statusOfError(refusal, { ...inTime, log });
    assert.deepEqual(logged, []);
    refusal.cause = new Outage("401 from 10.0.0.1: the key is wrong");
    const answered = statusOfError(refusal, { ...inTime, log });
    assert.deepEqual(logged, [{ error: refusal.cause }]);
    assert.equal(answered.code, status.UNAVAILABLE);
    assert.doesNotMatch(JSON.stringify(refusalOfStatus(answered)), /key is wrong|10\.0/);
  });

  it("answers any other error with INTERNAL and an id that the log has too", () => {
    const lines: Record<string, unknown>[] = [];
    const log = { error: (fields: Record<string, unknown>) => lines.push(fields) } as never;
    const answered = statusOfError(new Error("select secret"), { ...inTime, log });
    assert.equal(answered.code, status.INTERNAL);
    assert.doesNotMatch(answered.details, /select/);
    assert.match(answered.details, new RegExp(String(lines[0]?.errorId)));
  });

  it("answers a failure after the deadline with DEADLINE_EXCEEDED, but keeps a refusal", () => {
    const late = { log: silent, deadlineMs: Date.now() - 1 };
    assert.equal(statusOfError(new Outage("late"), late).code, status.DEADLINE_EXCEEDED);
    const refusal = new Refusal(Reason.STOCK_NOT_ENOUGH);
    assert.equal(statusOfError(refusal, late).code, status.FAILED_PRECONDITION);
  });

  it("shortens a status message and replaces lone surrogates, which cannot be sent", () => {
    const answered = statusOfError(
      new StatusError(status.ABORTED, `${"x".repeat(900)}\ud800`),
      inTime,
    );
    assert.equal(answered.details.length, 500);
    const half = statusOfError(new StatusError(status.ABORTED, "\ud800"), inTime);
    assert.doesNotThrow(() => encodeURI(half.details));
  });

  it("finds no refusal in a status without details, with others' details, or with another code", () => {
    const failed = (bytes?: Buffer, code: number = status.NOT_FOUND) => {
      const metadata = new Metadata();
      if (bytes) metadata.set(DETAILS_TRAILER, bytes);
      return refusalOfStatus({ code, metadata });
    };
    assert.equal(failed(), undefined);
    assert.equal(failed(Buffer.from([0xff, 0xff])), undefined);
    assert.equal(failed(Buffer.alloc(0)), undefined);
    const [details] = statusOfRefusal(new Refusal(Reason.ORDER_NOT_FOUND)).metadata.get(
      DETAILS_TRAILER,
    );
    assert.equal(failed(details as Buffer)?.reason, Reason.ORDER_NOT_FOUND);
    assert.equal(failed(details as Buffer, status.UNAVAILABLE), undefined);
  });
});
