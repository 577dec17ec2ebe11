import { createPrivateKey, X509Certificate } from "node:crypto";
import type { SettingsReader } from "./settings.ts";

/** In PEM. A server needs `cert` and `key`; a client needs them for mutual TLS. */
export type TlsSettings = {
  cert: Buffer | undefined;
  key: Buffer | undefined;
  /** The trusted authorities. @default those of the system */
  ca: Buffer | undefined;
  /** Each side requires a certificate of the other. */
  mutual: boolean;
};

/**
 * The TLS settings of connections between services; undefined for plain text, which production
 * refuses. `serves` says that the process is a server as well.
 */
export function tlsSettings(
  read: SettingsReader,
  rule: { production: boolean; serves: boolean },
): TlsSettings | undefined {
  const names = ["SHOP_TLS_CERT_FILE", "SHOP_TLS_KEY_FILE", "SHOP_TLS_CA_FILE"] as const;
  const [cert, key, ca] = names.map((name) => read.file(name));
  const mutual = read.flag("SHOP_TLS_MUTUAL", false);
  const wanted = mutual || names.some((name) => read.has(name));
  if (!wanted) {
    if (rule.production)
      read.fault("SHOP_TLS_CERT_FILE, SHOP_TLS_KEY_FILE: TLS is required in production");
    return undefined;
  }
  if ((rule.serves || mutual) && !names.slice(0, 2).every((name) => read.has(name))) {
    read.fault("SHOP_TLS_CERT_FILE, SHOP_TLS_KEY_FILE: both must be set for TLS");
  } else if (read.has(names[0]) !== read.has(names[1])) {
    read.fault("SHOP_TLS_CERT_FILE, SHOP_TLS_KEY_FILE: both must be set, or none");
  }
  if (mutual && !read.has(names[2])) read.fault("SHOP_TLS_CA_FILE: must be set for mutual TLS");
  if (cert && key) checkPair(read, cert, key);
  if (ca && !parses(ca)) read.fault("SHOP_TLS_CA_FILE: must be a certificate in PEM");
  return { cert, key, ca, mutual };
}

function checkPair(read: SettingsReader, cert: Buffer, key: Buffer): void {
  if (!parses(cert)) {
    read.fault("SHOP_TLS_CERT_FILE: must be a certificate in PEM");
    return;
  }
  try {
    if (new X509Certificate(cert).checkPrivateKey(createPrivateKey(key))) return;
    read.fault("SHOP_TLS_KEY_FILE: must be the key of the certificate");
  } catch {
    read.fault("SHOP_TLS_KEY_FILE: must be a private key in PEM");
  }
}

function parses(cert: Buffer): boolean {
  try {
    return new X509Certificate(cert).raw.length > 0;
  } catch {
    return false;
  }
}
