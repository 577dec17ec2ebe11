import type { SettingsReader } from "#platform/settings/settings.ts";
import { webAddress } from "../settings.ts";

export type SandboxSettings = {
  /** The sandbox's origin. */
  url: string;
  secret: string;
};

/** Lets a fresh clone talk to its sandbox. Production refuses it. */
const DEVELOPMENT_SECRET = "jetshop-sandbox-development-secret";

/** The default port of the sandbox, above SHOP_PORT_BASE. */
const PORT = 8;

/** Off in production unless a secret is set, which then must not be the development secret. */
export function sandboxSettings(
  read: SettingsReader,
  { production, host, portBase }: { production: boolean; host: string; portBase: number },
): SandboxSettings | undefined {
  const name = "SHOP_SANDBOX_SECRET";
  if (production && !read.has(name)) return undefined;
  const secret = read.text(name, {
    default: DEVELOPMENT_SECRET,
    secret: true,
    pattern: /^.{16,256}$/,
    shape: "must have 16 to 256 characters",
  });
  if (production && secret === DEVELOPMENT_SECRET) {
    read.fault(`${name}: production refuses the development secret`);
  }
  const fallback = `http://${host}:${portBase + PORT}`;
  return {
    url: webAddress(read, "SHOP_SANDBOX_URL", { fallback, mustBeSet: production }),
    secret,
  };
}
