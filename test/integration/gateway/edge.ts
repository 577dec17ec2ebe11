import { generateKeyPairSync } from "node:crypto";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { Caller } from "#platform/rpc/call.ts";
import { type Call, implement, startRpcServer } from "#platform/rpc/server.ts";
import { createAuthority, issueCertificate } from "#platform/rpc/testing/certificates.ts";
import { signToken } from "#platform/rpc/tokens.ts";
import { readSettings } from "#platform/settings/settings.ts";
import { tokenSettings } from "#platform/settings/token-settings.ts";
import { createLog } from "#platform/telemetry/log.ts";
import { Reason, Refusal } from "#platform/values/refusal.ts";
import { UserService } from "#proto/shop/user/v1/user_pb.ts";
import { start } from "../../../gateway/main.ts";
import { temporaryDirectory } from "../../../testbed/engines/directories.ts";

/** A gateway in front of a fake user service. */
export type Edge = {
  /** The gateway, as http://host:port. */
  url: string;
  /** The calls that have reached the user service, in their order. */
  calls: { method: string; request: object; caller: Caller }[];
  /** A valid access token of this user. */
  token(userId: bigint): Promise<string>;
  stop(): Promise<void>;
};

/** Every Login signs in as this user. */
export const USER_ID = 7n;
export const REFRESH_TOKEN = "refresh-1";
export const DEVICE_TOKEN = "device-1";
const SESSION_SECONDS = 3_600;
const ACCESS_SECONDS = 900;

/**
 * Starts a gateway in this process, in front of a user service that answers from memory. Fast, and
 * enough for what the gateway decides alone: origins, cookies, reflection.
 */
export async function startEdge(
  options: { production?: boolean; env?: Record<string, string> } = {},
): Promise<Edge> {
  const directory = temporaryDirectory();
  const calls: Edge["calls"] = [];
  const { production = false } = options;
  const secured = production ? secureSettings(directory) : undefined;
  const tokens = readSettings(secured?.env ?? {}, (read) => tokenSettings(read, production));
  const token = (userId: bigint) =>
    signToken(tokens, { role: "user", subject: String(userId), ttlSeconds: ACCESS_SECONDS });
  const users = await startRpcServer({
    listen: { host: "127.0.0.1", port: 0 },
    tls: secured?.tls,
    tokens,
    implementations: [userService(calls, () => token(USER_ID))],
    log: createLog("user", "silent"),
  });
  const gateway = await start({
    SHOP_ENV: production ? "production" : "test",
    SHOP_LOG_LEVEL: "silent",
    SHOP_GATEWAY_LISTEN: "127.0.0.1:0",
    SHOP_USER_ADDRESS: users.address,
    ...secured?.env,
    ...options.env,
  }).catch(async (error: unknown) => {
    await users.stop();
    throw error;
  });
  return {
    url: `http://${gateway.address}`,
    calls,
    token,
    async stop() {
      await gateway.stop();
      await users.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function userService(calls: Edge["calls"], accessToken: () => Promise<string>) {
  const record = (method: string, request: object, { caller }: Call) =>
    calls.push({ method, request, caller });
  const tokensMessage = async () => ({
    accessToken: await accessToken(),
    expireTime: timestampFromMs(Date.now() + ACCESS_SECONDS * 1_000),
    refreshToken: REFRESH_TOKEN,
    refreshExpireTime: timestampFromMs(Date.now() + SESSION_SECONDS * 1_000),
  });
  return implement(UserService, {
    async register({ userName }, call) {
      record("register", { userName }, call);
      return {};
    },
    async login({ userName, deviceToken }, call) {
      const { clientNetwork } = call;
      record("login", { userName, deviceToken, clientNetwork }, call);
      return { ...(await tokensMessage()), user: { userId: USER_ID }, deviceToken: DEVICE_TOKEN };
    },
    async refreshSession({ refreshToken }, call) {
      record("refreshSession", { refreshToken }, call);
      if (refreshToken === "") throw new Refusal(Reason.INVALID_ARGUMENT);
      if (refreshToken !== REFRESH_TOKEN) throw new Refusal(Reason.UNAUTHENTICATED);
      return tokensMessage();
    },
    async logout({ refreshToken }, call) {
      record("logout", { refreshToken }, call);
      if (refreshToken === "") throw new Refusal(Reason.INVALID_ARGUMENT);
      return {};
    },
    async getUser({ userId }, call) {
      record("getUser", { userId }, call);
      return { user: { userId } };
    },
  });
}

/** Production requires TLS towards the services and keys other than the development keys. */
function secureSettings(directory: string) {
  const authority = createAuthority("jetshop test authority");
  const caFile = join(directory, "authority.pem");
  writeFileSync(caFile, authority.cert);
  const key = () =>
    String(generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }));
  return {
    tls: { ...issueCertificate(authority, "user"), ca: undefined, mutual: false },
    env: {
      SHOP_TLS_CA_FILE: caFile,
      SHOP_TOKEN_PRIVATE_KEY: key(),
      SHOP_SERVICE_PRIVATE_KEY: key(),
    },
  };
}
