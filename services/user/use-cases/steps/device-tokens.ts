import type { KeyObject } from "node:crypto";
import { seal } from "./seals.ts";

// d1.<user_id>.<device_id>.<mac>
const SHAPE = /^d1\.([1-9]\d{0,18})\.([1-9]\d{0,18})$/;

/** A device on which a user has logged in. */
export type Device = { userId: bigint; deviceId: bigint };

export type DeviceTokens = {
  write(device: Device): string;
  /** The device of an authentic token; undefined for any other text. */
  read(token: string): Device | undefined;
};

/** A token opens nothing: it only gives the logins from its device a limit of their own. */
export function deviceTokens(signing: KeyObject | undefined): DeviceTokens {
  const { write, read } = seal(signing, "jetshop user device token v1");
  return {
    write: ({ userId, deviceId }) => write(`d1.${userId}.${deviceId}`),
    read(token) {
      const [, userId, deviceId] = SHAPE.exec(read(token) ?? "") ?? [];
      if (!userId || !deviceId) return undefined;
      return { userId: BigInt(userId), deviceId: BigInt(deviceId) };
    },
  };
}
