import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { MAX_DEVICE_TOKEN_LENGTH } from "../../limits.ts";
import { deviceTokens } from "./device-tokens.ts";
import { refreshTokens } from "./refresh-tokens.ts";

describe("device tokens", () => {
  const { privateKey } = generateKeyPairSync("ed25519");
  const tokens = deviceTokens(privateKey);
  const device = { userId: 2n ** 63n - 1n, deviceId: 2n ** 63n - 1n };
  const token = tokens.write(device);

  it("name their user and device within their length", () => {
    assert.deepEqual(tokens.read(token), device);
    assert.ok(token.length <= MAX_DEVICE_TOKEN_LENGTH);
  });

  it("are ignored if they are changed or made for another purpose", () => {
    assert.equal(tokens.read(token.replace("d1.9", "d1.8")), undefined);
    assert.equal(refreshTokens(privateKey).read(token), undefined);
    const refresh = refreshTokens(privateKey).write({ sessionId: 1n, generation: 1n });
    assert.equal(tokens.read(refresh), undefined);
    assert.equal(tokens.read(""), undefined);
  });
});
