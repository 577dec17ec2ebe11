import assert from "node:assert/strict";
import { countBytes } from "./sockets.ts";

const line = (local: string, peer: string, sent: number, received: number) =>
  `ESTAB 0 0 ${local} ${peer} cubic wscale:7,7 rto:201 bytes_sent:${sent} bytes_acked:${sent} bytes_received:${received} segs_out:2`;

describe("bytes at a port", () => {
  it("are those of the server's end of each connection, in both directions", () => {
    const lines = [
      line("127.0.0.1:50054", "127.0.0.1:40001", 100, 20),
      line("127.0.0.1:40001", "127.0.0.1:50054", 20, 100),
      line("[::ffff:127.0.0.1]:50055", "[::ffff:127.0.0.1]:40002", 7, 3),
      line("127.0.0.1:5005", "127.0.0.1:40003", 1_000, 1_000),
    ].join("\n");
    assert.equal(countBytes(lines, [50054, 50055]), 130);
    assert.equal(countBytes(lines, []), 0);
  });

  it("are 0 for a connection without data", () => {
    assert.equal(countBytes("ESTAB 0 0 127.0.0.1:50054 127.0.0.1:1 cubic", [50054]), 0);
  });
});
