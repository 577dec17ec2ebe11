import { type CallOptions, type ClientOptions, createClient } from "#platform/rpc/clients.ts";
import { fromErrorInfo, type Refusal } from "#platform/values/refusal.ts";
import { UserService } from "#proto/shop/user/v1/user_pb.ts";

export type UserClient = {
  /**
   * Holds balance. Returns the refusal of each order, or undefined. A hold of 0 cents only checks
   * that the user exists. Throws an Outage for all.
   */
  hold(
    holds: { orderId: bigint; userId: bigint; amountCents: bigint }[],
    options: CallOptions,
  ): Promise<(Refusal | undefined)[]>;
  /** The user's balance. Refuses with USER_NOT_FOUND. */
  balance(userId: bigint, options: CallOptions): Promise<bigint>;
  close(): void;
};

export function userClient(options: ClientOptions): UserClient {
  const client = createClient(UserService, options);
  return {
    async hold(deductions, call) {
      const { results } = await client.deductBalance({ deductions }, call);
      return results.map(({ error }) => error && fromErrorInfo(error));
    },
    async balance(userId, call) {
      const { user } = await client.getUser({ userId }, call);
      return user?.balanceCents ?? 0n;
    },
    close: client.close,
  };
}
