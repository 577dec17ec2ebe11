import { isIP } from "node:net";
import { checkServerIdentity } from "node:tls";
import {
  ChannelCredentials,
  type ChannelOptions,
  ServerCredentials,
  type VerifyOptions,
} from "@grpc/grpc-js";
import type { TlsSettings } from "#platform/settings/tls-settings.ts";

/** What a server shows, and asks for where TLS is mutual; undefined is plain text. */
export function serverCredentials(tls: TlsSettings | undefined): ServerCredentials {
  if (!tls) return ServerCredentials.createInsecure();
  if (!tls.cert || !tls.key) throw new Error("a server needs a certificate and its key for TLS");
  const pair = { cert_chain: tls.cert, private_key: tls.key };
  return ServerCredentials.createSsl(tls.ca ?? null, [pair], tls.mutual);
}

/** Whom a client of this target trusts, and what it shows where TLS is mutual. */
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
  const { verify, options } = verifyServerName ? identityOf(address) : ANY_NAME;
  const key = tls.mutual ? (tls.key ?? null) : null;
  const cert = tls.mutual ? (tls.cert ?? null) : null;
  const credentials = ChannelCredentials.createSsl(tls.ca ?? null, key, cert, verify);
  return { credentials, options };
}

const ANY_NAME = { verify: { checkServerIdentity: () => undefined }, options: {} };

/**
 * grpc-js gives the host of the target to TLS as the server's name, and Node refuses an IP address there (RFC 6066). So
 * where the target is an address another name is sent, and the certificate is checked for the address.
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
