import { couponRules } from "./coupon.ts";
import { eventRules } from "./events.ts";
import { goodsRules } from "./goods.ts";
import { orderRules } from "./orders.ts";
import { paymentRules } from "./payments.ts";
import { platformRules } from "./platform.ts";
import type { Group } from "./rule.ts";
import { balanceRules, pointRules } from "./user.ts";

/** Everything that must always be true, group by group. */
export const GROUPS: readonly Group[] = [
  goodsRules,
  couponRules,
  balanceRules,
  pointRules,
  orderRules,
  paymentRules,
  platformRules,
  eventRules,
];
