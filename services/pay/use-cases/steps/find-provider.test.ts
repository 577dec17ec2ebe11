import assert from "node:assert/strict";
import { Outage, Reason, Refusal } from "#platform/values/refusal.ts";
import { findProvider, providerOf } from "./find-provider.ts";

const none = { providers: new Map() };

describe("a provider that is not among the settings", () => {
  it("is refused for a new payment", () => {
    assert.throws(
      () => findProvider(none, "sandbox"),
      (error) => error instanceof Refusal && error.reason === Reason.PROVIDER_NOT_FOUND,
    );
  });

  it("is an outage for a payment that it has, which waits until it is configured again", () => {
    assert.throws(
      () => providerOf(none, { paymentId: 7n, provider: "sandbox" }),
      (error) => error instanceof Outage && /sandbox of payment 7 is not conf/.test(error.message),
    );
  });
});
