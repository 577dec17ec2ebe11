import type { KeyObject } from "node:crypto";
import { MAX_IDENTIFIER } from "#platform/values/amounts.ts";
import type { RefreshClaim } from "../../domain/session.ts";
import { seal } from "./seals.ts";

// v1.<session_id>.<generation>.<mac>
const SHAPE = /^v1\.([1-9]\d{0,18})\.([1-9]\d{0,18})$/;

export type RefreshTokens = {
  /** Deterministic: every replica writes the same token for the same claim. */
  write(claim: RefreshClaim): string;
  /** The claim of an authentic token; undefined for any other text. */
  read(token: string): RefreshClaim | undefined;
};

export function refreshTokens(signing: KeyObject | undefined): RefreshTokens {
  const { write, read } = seal(signing, "jetshop user refresh token v1");
  return {
    write: ({ sessionId, generation }) => write(`v1.${sessionId}.${generation}`),
    read(token) {
      const [, sessionId, generation] = SHAPE.exec(read(token) ?? "") ?? [];
      if (!sessionId || !generation) return undefined;
      const found = { sessionId: BigInt(sessionId), generation: BigInt(generation) };
      return found.sessionId <= MAX_IDENTIFIER ? found : undefined;
    },
  };
}
