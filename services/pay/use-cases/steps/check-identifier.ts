import { Checks } from "#platform/values/checks.ts";

/** Refuses with INVALID_ARGUMENT unless the value can be the id of something. */
export function checkIdentifier(field: string, value: bigint): void {
  const checks = new Checks();
  checks.identifier(field, value);
  checks.throwIfAny();
}
