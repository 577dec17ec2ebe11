import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { SettingsError } from "#platform/settings/settings.ts";
import { userConfig } from "./config.ts";

describe("userConfig", () => {
  it("requires the private key that signs tokens", () => {
    const { publicKey } = generateKeyPairSync("ed25519");
    const pem = publicKey.export({ type: "spki", format: "pem" }).toString();
    assert.throws(
      () => userConfig({ SHOP_TOKEN_PUBLIC_KEY: pem }),
      (error) =>
        error instanceof SettingsError &&
        /SHOP_TOKEN_PRIVATE_KEY: must be set for the user service/.test(error.message),
    );
  });
});
