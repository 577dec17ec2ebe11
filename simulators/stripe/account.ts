import { alphanumeric } from "../base/ids.ts";
import { type Keys, newSecret } from "../base/keys.ts";

/** Longer than any shop needs to roll a secret. */
const MAX_SECRETS = 4;

/** The account of the merchant. */
export type Account = {
  id: string;
  secretKey: string;
  /** The newest first. While a secret is rolled, events carry a signature for each. */
  secrets(): string[];
  /** Adds a secret; the old ones stay valid until they are dropped. */
  roll(): string;
  /** Ends the validity of all secrets but the newest. */
  dropOld(): void;
  files: Record<string, string>;
};

export function openAccount(keys: Keys): Account {
  const id = keys.text("stripe-account.txt", () => `acct_${alphanumeric(16)}\n`).trim();
  const keyFile = "stripe-secret-key.txt";
  const secretKey = keys.text(keyFile, () => newSecret("sk_test_", 99)).trim();
  const file = "stripe-webhook-secrets.txt";
  let secrets = keys
    .text(file, () => `${newSecret("whsec_", 32)}\n`)
    .trim()
    .split("\n");
  const save = (changed: string[]) => {
    secrets = changed;
    keys.write(file, `${secrets.join("\n")}\n`);
  };
  return {
    id,
    secretKey,
    secrets: () => secrets,
    roll() {
      const secret = newSecret("whsec_", 32);
      save([secret, ...secrets].slice(0, MAX_SECRETS));
      return secret;
    },
    dropOld: () => save(secrets.slice(0, 1)),
    files: { secretKey: keys.path(keyFile), webhookSecrets: keys.path(file) },
  };
}
