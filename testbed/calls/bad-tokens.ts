import { createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { type JWTPayload, SignJWT } from "jose";
import { readSettings } from "#platform/settings/settings.ts";
import { tokenSettings } from "#platform/settings/token-settings.ts";
import { token } from "./callers.ts";

const keys = readSettings({}, (read) => tokenSettings(read, false));
const own = keys.user.signing as KeyObject;
const ofServices = keys.service.signing as KeyObject;
const strangers = generateKeyPairSync("ed25519").privateKey;

const nowSeconds = () => Math.floor(Date.now() / 1_000);
const bearer = (text: string) => [`Bearer ${text}`];
const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");

function claims(userId: bigint, changes: JWTPayload = {}): JWTPayload {
  const now = nowSeconds();
  const usual = { iss: "jetshop", aud: "jetshop", sub: String(userId), role: "user" };
  return { ...usual, iat: now, nbf: now, exp: now + 600, ...changes };
}

async function signed(payload: JWTPayload, key: KeyObject = own, alg = "EdDSA"): Promise<string[]> {
  return bearer(await new SignJWT(payload).setProtectedHeader({ alg, typ: "JWT" }).sign(key));
}

/**
 * Values of the authorization header that every method must reject. The claims are otherwise those
 * of a valid token, so that each value tests one defect.
 */
export const BAD_TOKENS: Record<string, (userId: bigint) => string[] | Promise<string[]>> = {
  "expired a minute ago": (id) => signed(claims(id, { exp: nowSeconds() - 60 })),
  "not valid yet": (id) => signed(claims(id, { nbf: nowSeconds() + 600 })),
  "without an end": (id) => signed(claims(id, { exp: undefined })),
  "of another issuer": (id) => signed(claims(id, { iss: "another" })),
  "for another audience": (id) => signed(claims(id, { aud: "another" })),
  "signed by a stranger": (id) => signed(claims(id), strangers),
  "of a shopper, signed with the key of services": (id) => signed(claims(id), ofServices),
  "of an administrator, signed with the key of services": (id) =>
    signed(claims(id, { role: "admin", sub: "tester" }), ofServices),
  "of a service, signed with the key of shoppers": (id) =>
    signed(claims(id, { role: "service", sub: "order" })),
  "of a role that does not exist": (id) => signed(claims(id, { role: "root" })),
  "of no role": (id) => signed(claims(id, { role: undefined })),
  "of two roles": (id) => signed(claims(id, { role: ["user", "admin"] })),
  "of an empty subject": (id) => signed(claims(id, { sub: "" })),
  "of user 0": (id) => signed(claims(id, { sub: "0" })),
  "of user -1": (id) => signed(claims(id, { sub: "-1" })),
  "of user 2^63": (id) => signed(claims(id, { sub: String(2n ** 63n) })),
  "of a user by another spelling": (id) => signed(claims(id, { sub: `0${id}` })),
  "without a signature, alg none": (id) =>
    bearer(`${encoded({ alg: "none", typ: "JWT" })}.${encoded(claims(id))}.`),
  "signed with the public key as a secret": async (id) => {
    const secret = createPublicKey(own).export({ type: "spki", format: "pem" });
    const header = { alg: "HS256", typ: "JWT" };
    const jwt = new SignJWT(claims(id)).setProtectedHeader(header);
    return bearer(await jwt.sign(Buffer.from(secret)));
  },
  "changed after it was signed": async (id) => {
    const [head, , signature] = (await token("user", String(id))).split(".");
    return bearer(`${head}.${encoded(claims(id, { role: "admin" }))}.${signature}`);
  },
  "cut off": async (id) => bearer((await token("user", String(id))).slice(0, -4)),
  "longer than the limit": (id) => signed(claims(id, { note: "x".repeat(3_000) })),
  "of 10 kB": (id) => signed(claims(id, { note: "x".repeat(7_000) })),
  "the scheme alone": () => ["Bearer"],
  "an empty header": () => [""],
  "a literal null": () => ["Bearer null"],
  dots: () => ["Bearer .."],
  "under another scheme": async (id) => [`Basic ${await token("user", String(id))}`],
  "under no scheme": async (id) => [await token("user", String(id))],
  "two at once": async (id) => {
    const good = await token("user", String(id));
    return [`Bearer ${good}, Bearer ${good}`];
  },
};
