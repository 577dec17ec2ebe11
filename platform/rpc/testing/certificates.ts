import { generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";

// X.509 certificates for the tests, encoded as DER here (RFC 5280). Node creates keys but no
// certificates, and the tests must not require openssl.

type Certificate = { cert: Buffer; key: Buffer };
type Authority = Certificate & { signing: KeyObject; name: string };

const SEQUENCE = 0x30;
const SET = 0x31;
const OID = {
  commonName: "550403",
  basicConstraints: "551d13",
  subjectAltName: "551d11",
  ecdsaWithSha256: "2a8648ce3d040302",
};

function der(tag: number, ...parts: Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  const length = body.length;
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), body]);
  const size = length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), body]);
}

const oid = (hex: string) => der(0x06, Buffer.from(hex, "hex"));
const yes = der(0x01, Buffer.from([0xff]));
const ALGORITHM = der(SEQUENCE, oid(OID.ecdsaWithSha256));

function nameOf(commonName: string): Buffer {
  const text = der(0x0c, Buffer.from(commonName));
  return der(SEQUENCE, der(SET, der(SEQUENCE, oid(OID.commonName), text)));
}

function utcTime(date: Date): Buffer {
  const digits = date.toISOString().replace(/\.\d+/, "").replace(/[-:T]/g, "");
  return der(0x17, Buffer.from(digits.slice(2)));
}

function extension(id: string, value: Buffer): Buffer {
  return der(SEQUENCE, oid(id), yes, der(0x04, value));
}

function certificate(options: {
  subject: string;
  publicKey: KeyObject;
  issuer: { name: string; signing: KeyObject };
  extensions: Buffer[];
}): Buffer {
  const day = 24 * 3_600_000;
  const valid = [-1, 1].map((days) => utcTime(new Date(Date.now() + days * day)));
  const serial = Buffer.from([1, ...randomBytes(8)]);
  const body = der(
    SEQUENCE,
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, serial),
    ALGORITHM,
    nameOf(options.issuer.name),
    der(SEQUENCE, ...valid),
    nameOf(options.subject),
    options.publicKey.export({ type: "spki", format: "der" }),
    der(0xa3, der(SEQUENCE, ...options.extensions)),
  );
  const signature = sign("sha256", body, options.issuer.signing);
  const whole = der(SEQUENCE, body, ALGORITHM, der(0x03, Buffer.from([0]), signature));
  const lines = whole.toString("base64").match(/.{1,64}/g) ?? [];
  const pem = ["-----BEGIN CERTIFICATE-----", ...lines, "-----END CERTIFICATE-----", ""];
  return Buffer.from(pem.join("\n"));
}

function keyPair() {
  const pair = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return { ...pair, pem: Buffer.from(pair.privateKey.export({ type: "pkcs8", format: "pem" })) };
}

/** An authority that signs its own certificate, valid from yesterday until tomorrow. */
export function createAuthority(name: string): Authority {
  const { publicKey, privateKey, pem } = keyPair();
  const cert = certificate({
    subject: name,
    publicKey,
    issuer: { name, signing: privateKey },
    extensions: [extension(OID.basicConstraints, der(SEQUENCE, yes))],
  });
  return { cert, key: pem, signing: privateKey, name };
}

/** A certificate for localhost and an IPv4 address, for servers and clients. */
export function issueCertificate(
  authority: Authority,
  name: string,
  address = [127, 0, 0, 1],
): Certificate {
  const { publicKey, pem } = keyPair();
  const names = der(SEQUENCE, der(0x82, Buffer.from("localhost")), der(0x87, Buffer.from(address)));
  const cert = certificate({
    subject: name,
    publicKey,
    issuer: authority,
    extensions: [extension(OID.subjectAltName, names)],
  });
  return { cert, key: pem };
}
