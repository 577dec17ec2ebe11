import { createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import { DEVELOPMENT_SERVICE_KEY, DEVELOPMENT_TOKEN_KEY } from "./development-keys.ts";
import type { SettingsReader } from "./settings.ts";

/** An Ed25519 key pair. Without `signing`, the process can only verify. */
type KeyPair = { signing: KeyObject | undefined; verifying: KeyObject };

/** Two pairs, so that a key that signs for services cannot sign for users or administrators. */
export type TokenSettings = {
  /** For tokens of users and administrators. */
  user: KeyPair;
  /** For tokens of services. */
  service: KeyPair;
};

export function tokenSettings(read: SettingsReader, production: boolean): TokenSettings {
  const pair = (name: string, development: string) =>
    keyPair(read, { name, development, production });
  const user = pair("SHOP_TOKEN", DEVELOPMENT_TOKEN_KEY);
  const service = pair("SHOP_SERVICE", DEVELOPMENT_SERVICE_KEY);
  if (user.verifying.equals(service.verifying)) {
    read.fault("SHOP_TOKEN_PUBLIC_KEY: must not be the key of the services");
  }
  return { user, service };
}

type Wanted = { name: string; development: string; production: boolean };

function keyPair(read: SettingsReader, { name, development, production }: Wanted): KeyPair {
  const standIn = createPrivateKey(development);
  const privateName = `${name}_PRIVATE_KEY`;
  const publicName = `${name}_PUBLIC_KEY`;
  const chosen = read.has(privateName) || read.has(publicName);
  const signing = chosen ? parseKey(read, privateName, createPrivateKey) : standIn;
  const given = parseKey(read, publicName, createPublicKey);
  const derived = signing && createPublicKey(signing);
  if (given && derived && !given.equals(derived)) {
    read.fault(`${publicName}: must be the public half of ${privateName}`);
  }
  const verifying = given ?? derived ?? createPublicKey(standIn);
  if (production && !chosen)
    read.fault(`${privateName} or ${publicName}: must be set in production`);
  if (production && chosen && verifying.equals(createPublicKey(standIn))) {
    read.fault(`${publicName}: production refuses the development key`);
  }
  return { signing, verifying };
}

/**
 * A key in PEM. Line breaks may be written as \n, because many tools keep a variable on one line.
 */
function parseKey(
  read: SettingsReader,
  name: string,
  parse: (pem: string) => KeyObject,
): KeyObject | undefined {
  const text = read.optional(name);
  if (text === undefined) return undefined;
  try {
    const key = parse(text.replaceAll("\\n", "\n"));
    if (key.asymmetricKeyType === "ed25519") return key;
  } catch {
    // Not a key at all. The fault below is the same; the error might show the secret.
  }
  read.fault(`${name}: must be an Ed25519 key in PEM`);
  return undefined;
}
