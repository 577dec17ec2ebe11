import { createPrivateKey, X509Certificate } from "node:crypto";
import type { SettingsReader } from "./settings.ts";

/** PEM bytes. A server needs `cert` and `key`; a client only where the other side asks for its certificate. */
export type TlsSettings = {
  cert: Buffer | undefined;
  key: Buffer | undefined;
  /** Who is trusted; without it, the system's authorities. */
  ca: Buffer | undefined;
  /** Each side asks for the other's certificate. */
  mutual: boolean;
};

/**
 * What the connections between the services are secured with; undefined is plain text. `serves` tells whether the
 * process listens too.
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
    read.fault("SHOP_TLS_CERT_FILE, SHOP_TLS_KEY_FILE: one without the other");
  }
  if (mutual && !read.has(names[2])) read.fault("SHOP_TLS_CA_FILE: must be set for mutual TLS");
  if (cert && key) checkPair(read, cert, key);
  if (ca && !parses(ca)) read.fault("SHOP_TLS_CA_FILE: is not a certificate in PEM");
  return { cert, key, ca, mutual };
}

function checkPair(read: SettingsReader, cert: Buffer, key: Buffer): void {
  if (!parses(cert)) {
    read.fault("SHOP_TLS_CERT_FILE: is not a certificate in PEM");
    return;
  }
  try {
    if (new X509Certificate(cert).checkPrivateKey(createPrivateKey(key))) return;
    read.fault("SHOP_TLS_KEY_FILE: is not the key of the certificate");
  } catch {
    read.fault("SHOP_TLS_KEY_FILE: is not a private key in PEM");
  }
}

function parses(cert: Buffer): boolean {
  try {
    return new X509Certificate(cert).raw.length > 0;
  } catch {
    return false;
  }
}
