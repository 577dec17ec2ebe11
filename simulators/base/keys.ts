import { generateKeyPair, randomBytes } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { makeFolder } from "#platform/settings/folders.ts";
import { alphanumeric } from "./ids.ts";

const generate = promisify(generateKeyPair);

/** Stands before the PEM block of each file. A shop in production refuses such a key. */
const SIMULATED = "A simulated key of jetshop, for development and tests only.";

/** PEM texts: PKCS#8 and SubjectPublicKeyInfo. */
export type KeyPair = { privateKey: string; publicKey: string };

/**
 * The keys of all faces, in a directory of the simulators' own. They are made at the first start
 * and stay. The directory also holds the merchant's private keys: its files configure a shop.
 */
export type Keys = {
  /** The path of a file, for messages and the control interface. */
  path(file: string): string;
  /** The pair in NAME-private.pem and NAME-public.pem. */
  pair(name: string): Promise<KeyPair>;
  /** The text of a file, which `make` writes where it is missing. */
  text(file: string, make: () => string): string;
  write(file: string, text: string): void;
};

export function openKeys(directory: string): Keys {
  makeFolder(directory, { mode: 0o700 });
  const path = (file: string) => join(directory, file);
  const write = (file: string, text: string) => {
    const marked = file.endsWith(".pem") ? `${SIMULATED}\n${text}` : text;
    writeFileSync(path(file), marked, { mode: 0o600 });
  };
  const read = (file: string) => readFileSync(path(file), "utf8").replace(`${SIMULATED}\n`, "");
  const text = (file: string, make: () => string) => {
    if (!existsSync(path(file))) write(file, make());
    return read(file);
  };
  return {
    path,
    text,
    write,
    async pair(name) {
      const files = { privateKey: `${name}-private.pem`, publicKey: `${name}-public.pem` };
      if (!existsSync(path(files.publicKey))) {
        const made = await newPair();
        write(files.privateKey, made.privateKey);
        write(files.publicKey, made.publicKey);
      }
      return { privateKey: read(files.privateKey), publicKey: read(files.publicKey) };
    },
  };
}

async function newPair(): Promise<KeyPair> {
  return generate("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
}

/** A serial number as certificates show it: 40 upper-case hexadecimal digits. */
export function newSerial(): string {
  // The first bit is 0, so that DER does not read a negative number; the first digit is not 0.
  return `5${randomBytes(20).toString("hex").slice(1).toUpperCase()}`;
}

export function newSecret(prefix: string, length: number): string {
  return `${prefix}${alphanumeric(length)}`;
}

/** A symmetric key of ASCII characters. It begins so that production recognises and refuses it. */
export function newAsciiKey(length: number): string {
  const mark = "simulated";
  return `${mark}${alphanumeric(length - mark.length)}`;
}
