import { Access } from "#proto/shop/common/v1/access_pb.ts";
import { type FieldPath, fieldsOf, METHODS, type Method } from "./contract.ts";

/** Fields that name something of one user's own. */
const OWNED = ["user_id", "order_id", "coupon_id", "payment_id"] as const;

/** What is not their own is empty to users there, and not missing. */
export const LISTS: readonly string[] = ["pay ListPayments"];

/** What users may call for themselves only. */
export const OF_USERS = METHODS.filter(({ access }) => access === Access.USER);

export function ownedFields(method: Method): FieldPath[] {
  return fieldsOf(method.desc.input).filter(({ path }) =>
    OWNED.some((name) => path.endsWith(name)),
  );
}
