import { createPublicKey, createSign } from "node:crypto";
import type { KeyPair } from "../base/keys.ts";
import { DAY } from "../base/limits.ts";

// Node reads certificates and cannot make one, so this writes the DER (RFC 5280) of the smallest
// that OpenSSL and Go accept.

const SHA256_RSA = Buffer.from("06092a864886f70d01010b0500", "hex");
const COMMON_NAME = Buffer.from("0603550403", "hex");
/** Platform certificates are valid for five years. */
const VALID_MS = 5 * 365 * DAY;

/** A self-signed certificate as PEM. */
export function makeCertificate(
  keys: KeyPair,
  { serial, name, fromMs }: { serial: string; name: string; fromMs: number },
): string {
  const algorithm = der(0x30, SHA256_RSA);
  const names = der(0x30, der(0x31, der(0x30, COMMON_NAME, der(0x0c, Buffer.from(name)))));
  const content = der(
    0x30,
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.from(serial, "hex")),
    algorithm,
    names,
    der(0x30, time(fromMs), time(fromMs + VALID_MS)),
    names,
    createPublicKey(keys.publicKey).export({ type: "spki", format: "der" }),
  );
  const signature = createSign("RSA-SHA256").update(content).sign(keys.privateKey);
  const bytes = der(0x30, content, algorithm, der(0x03, Buffer.from([0]), signature));
  const lines = bytes.toString("base64").match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
}

/** A tag, a length and a value. */
function der(tag: number, ...parts: Buffer[]): Buffer {
  const value = Buffer.concat(parts);
  if (value.length < 128) return Buffer.concat([Buffer.from([tag, value.length]), value]);
  const length = Buffer.from([value.length >> 8, value.length & 0xff]);
  const size = length[0] === 0 ? length.subarray(1) : length;
  return Buffer.concat([Buffer.from([tag, 0x80 | size.length]), size, value]);
}

/** UTCTime, which covers the years up to 2049. */
function time(ms: number): Buffer {
  const digits = new Date(ms).toISOString().replace(/\D/g, "").slice(2, 14);
  return der(0x17, Buffer.from(`${digits}Z`));
}
