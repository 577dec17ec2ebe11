import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { refreshTokens } from "./refresh-tokens.ts";

const newKey = () => generateKeyPairSync("ed25519").privateKey;

describe("refresh tokens", () => {
  const key = newKey();
  const tokens = refreshTokens(key);
  const claim = { sessionId: 123_456_789n, generation: 3n };
  const token = tokens.write(claim);

  it("name their session and generation, and are the same from every replica", () => {
    assert.match(token, /^v1\.123456789\.3\.[A-Za-z0-9_-]{43}$/);
    assert.equal(refreshTokens(key).write(claim), token);
    assert.deepEqual(refreshTokens(key).read(token), claim);
  });

  it("have at most 128 characters, even for the largest claims", () => {
    const largest = { sessionId: 2n ** 63n - 1n, generation: 2n ** 63n - 1n };
    assert.ok(tokens.write(largest).length <= 128);
    assert.deepEqual(tokens.read(tokens.write(largest)), largest);
  });

  it("are invalid under any other key", () => {
    assert.equal(refreshTokens(newKey()).read(token), undefined);
  });

  it("are invalid if any character is changed, removed or added", () => {
    for (let at = 0; at < token.length; at += 1) {
      for (const other of ["A", "1", "2", "-", ".", " "]) {
        if (token[at] === other) continue;
        const changed = token.slice(0, at) + other + token.slice(at + 1);
        assert.equal(tokens.read(changed), undefined, changed);
      }
      assert.equal(tokens.read(token.slice(0, at) + token.slice(at + 1)), undefined);
    }
    for (const longer of [`${token}=`, ` ${token}`, `${token}\n`, `${token}.`, `${token}A`]) {
      assert.equal(tokens.read(longer), undefined);
    }
  });

  it("are invalid if the mac is another text for the same bytes", () => {
    // The last of 43 characters carries only 4 bits, so 3 other texts decode to the same bytes.
    const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const last = alphabet.indexOf(token.at(-1) ?? "");
    const twin = token.slice(0, -1) + alphabet[last ^ 1];
    const macOf = (text: string) => Buffer.from(text.split(".")[3] ?? "", "base64url");
    assert.deepEqual(macOf(twin), macOf(token));
    assert.equal(tokens.read(twin), undefined);
  });

  it("are invalid with the mac of another session or generation", () => {
    const mac = token.split(".")[3];
    for (const forged of [
      `v1.123456789.4.${mac}`,
      `v1.123456788.3.${mac}`,
      `v1.123456789.03.${mac}`,
    ]) {
      assert.equal(tokens.read(forged), undefined);
    }
    for (const garbage of ["", "v1", "v1...", "null", "v1.1.1.", `v2.123456789.3.${mac}`]) {
      assert.equal(tokens.read(garbage), undefined);
    }
  });

  it("need the private key", () => {
    assert.throws(() => refreshTokens(undefined), /private key/);
  });
});
