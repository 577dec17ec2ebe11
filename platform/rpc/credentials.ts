import { ChannelCredentials, ServerCredentials } from "@grpc/grpc-js";
import type { TlsSettings } from "#platform/process/tls-settings.ts";

/** What a server shows, and asks for where TLS is mutual; undefined is plain text. */
export function serverCredentials(tls: TlsSettings | undefined): ServerCredentials {
  if (!tls) return ServerCredentials.createInsecure();
  if (!tls.cert || !tls.key) throw new Error("a server needs a certificate and its key for TLS");
  const pair = { cert_chain: tls.cert, private_key: tls.key };
  return ServerCredentials.createSsl(tls.ca ?? null, [pair], tls.mutual);
}

/** Whom a client trusts, and what it shows where TLS is mutual. */
export function channelCredentials(tls: TlsSettings | undefined): ChannelCredentials {
  if (!tls) return ChannelCredentials.createInsecure();
  if (!tls.mutual) return ChannelCredentials.createSsl(tls.ca ?? null);
  return ChannelCredentials.createSsl(tls.ca ?? null, tls.key ?? null, tls.cert ?? null);
}
