import { randomBytes } from "node:crypto";

const ALPHANUMERIC = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** Random letters and digits. */
export function alphanumeric(length: number): string {
  return pick(length, ALPHANUMERIC);
}

export function digits(length: number): string {
  return pick(length, "0123456789");
}

/** Gives access to a checkout page, so it is not guessable. */
export function newToken(): string {
  return randomBytes(16).toString("hex");
}

function pick(length: number, letters: string): string {
  // The bias of the remainder is irrelevant here: the text is an id, not a key.
  return Array.from(randomBytes(length), (byte) => letters[byte % letters.length]).join("");
}
