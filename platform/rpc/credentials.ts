import { isIP } from "node:net";
import { checkServerIdentity } from "node:tls";
import {
  ChannelCredentials,
  type ChannelOptions,
  ServerCredentials,
  type VerifyOptions,
} from "@grpc/grpc-js";
import type { TlsSettings } from "#platform/settings/tls-settings.ts";

/**
 * The server's certificate, and with mutual TLS the authority of its clients. Undefined is plain
 * text.
 */
export function serverCredentials(tls: TlsSettings | undefined): ServerCredentials {
  if (!tls) return ServerCredentials.createInsecure();
  if (!tls.cert || !tls.key) throw new Error("a server needs a certificate and its key for TLS");
  const pair = { cert_chain: tls.cert, private_key: tls.key };
  return ServerCredentials.createSsl(tls.ca ?? null, [pair], tls.mutual);
}

/**
 * The authority that a client of this address trusts, and with mutual TLS the client's certificate.
 * `verifyServerName: false` accepts a certificate of any name.
 */
export function channelSecurity({
  address,
  tls,
  verifyServerName = true,
}: {
  address: string;
  tls: TlsSettings | undefined;
  verifyServerName?: boolean;
}): { credentials: ChannelCredentials; options: ChannelOptions } {
  if (!tls) return { credentials: ChannelCredentials.createInsecure(), options: {} };
  const { verify, options } = identityOf(address);
  const key = tls.mutual ? (tls.key ?? null) : null;
  const cert = tls.mutual ? (tls.cert ?? null) : null;
  const credentials = ChannelCredentials.createSsl(
    tls.ca ?? null,
    key,
    cert,
    verifyServerName ? verify : ANY_NAME,
  );
  return { credentials, options };
}

const ANY_NAME: VerifyOptions = { checkServerIdentity: () => undefined };

/**
 * grpc-js passes the host of the target to TLS as the server's name, and Node rejects an IP address
 * there (RFC 6066). For an IP address this sends a placeholder name instead, and checks the
 * certificate against the address.
 */
function identityOf(target: string): { verify: VerifyOptions; options: ChannelOptions } {
  const hostPort = target.replace(/^(dns|ipv4|ipv6):(\/\/[^/]*\/)?/, "");
  const host = hostPort.replace(/:\d+$/, "").replace(/^\[(.*)\]$/, "$1");
  if (isIP(host) === 0) return { verify: {}, options: {} };
  return {
    verify: { checkServerIdentity: (_name, cert) => checkServerIdentity(host, cert) },
    options: { "grpc.ssl_target_name_override": "address.invalid" },
  };
}
