import { Access } from "#proto/shop/common/v1/access_pb.ts";
import { type FieldPath, fieldsOf, METHODS, type Method } from "./contract.ts";

/** Fields that identify something of one user. */
const OWNED = ["user_id", "order_id", "coupon_id", "payment_id"] as const;

/** Methods that answer an empty list, and not NOT_FOUND, for what belongs to another user. */
export const LISTS: readonly string[] = ["pay ListPayments"];

/** Methods that users may call for themselves only. */
export const OF_USERS = METHODS.filter(({ access }) => access === Access.USER);

export function ownedFields(method: Method): FieldPath[] {
  return fieldsOf(method.desc.input).filter(({ path }) =>
    OWNED.some((name) => path.endsWith(name)),
  );
}
