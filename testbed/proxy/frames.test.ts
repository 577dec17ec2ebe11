import assert from "node:assert/strict";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { OrderCancelledSchema } from "#proto/shop/event/v1/event_pb.ts";
import { isWholeFrames, sendGoaway } from "./goaway.ts";
import { natsFrames } from "./nats-frames.ts";
import { withUnknownFields } from "./next-version.ts";

describe("an event with fields of the next version", () => {
  it("carries them after the known fields, in a frame of the right length", () => {
    const payload = toBinary(OrderCancelledSchema, create(OrderCancelledSchema, { orderId: 7n }));
    const head = "NATS/1.0\r\nNats-Msg-Id: 1\r\n\r\n";
    const line = `HPUB a.b reply ${head.length} ${head.length + payload.length}\r\n`;
    const bytes = Buffer.concat([Buffer.from(line + head), payload, Buffer.from("\r\n")]);
    let count = 0;
    const rule = withUnknownFields(() => {
      count += 1;
    });
    const [changed = Buffer.alloc(0)] = rule({ subject: "a.b", bytes, inject() {} });
    assert.equal(count, 1);
    const [frame, ...more] = natsFrames()(Buffer.concat([changed, Buffer.from("PING\r\n")]));
    assert.equal(frame?.bytes.length, changed.length);
    assert.equal(more.length, 1);
    const body = changed.subarray(changed.indexOf(head) + head.length, -2);
    assert.equal(fromBinary(OrderCancelledSchema, body).orderId, 7n);
    assert.ok(body.length > payload.length);
  });
});

describe("a server that sends GOAWAY", () => {
  const ping = Buffer.from([0, 0, 8, 6, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8]);
  const packet = { number: 1, connection: 1, way: "reply" as const, inject() {} };

  it("sends it once per connection, and only after whole frames", () => {
    const { filter, sent } = sendGoaway(() => true);
    assert.equal(filter({ ...packet, bytes: ping.subarray(0, 12) }), "pass");
    assert.equal(filter({ ...packet, way: "request", bytes: ping }), "pass");
    const packets = filter({ ...packet, bytes: ping });
    assert.ok(Array.isArray(packets));
    assert.ok(isWholeFrames(Buffer.concat(packets)));
    assert.equal(filter({ ...packet, bytes: ping }), "pass");
    assert.equal(sent(), 1);
  });
});
