import { balanceRules } from "./balance.ts";
import { bookRules } from "./books.ts";
import { couponRules } from "./coupon.ts";
import { eventRules } from "./events.ts";
import { goodsRules } from "./goods.ts";
import { orderRules } from "./orders.ts";
import { paymentRules } from "./payments.ts";
import { pointRules } from "./points.ts";
import { providerRules } from "./provider.ts";
import type { Group } from "./rule.ts";

/** All rules of the audit, in the order of the report. */
export const GROUPS: readonly Group[] = [
  goodsRules,
  couponRules,
  balanceRules,
  pointRules,
  orderRules,
  paymentRules,
  bookRules,
  providerRules,
  eventRules,
];
