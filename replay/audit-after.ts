import { auditSettings, auditShop } from "../ops/audit/shop.ts";
import { messageOf } from "../ops/command/command.ts";
import { commandSettings } from "../ops/command/settings.ts";

/** The result of the audit of the whole shop. */
export type Audited = {
  clean: boolean;
  /** False where the audit could not run; `error` says why. */
  looked: boolean;
  error?: string;
  /** Rules that were checked, and whether those about the provider were among them. */
  rules: number;
  provider: boolean;
  broken: number;
  findings: string[];
};

/** The replay has waited for everything it did, so a recent change is no excuse. */
const OPTIONS = { quietSeconds: 0, settleSeconds: 60, againAfterMs: 3_000, maxItems: 20 };

/** Audits the shop after a run. */
export async function auditAfter(): Promise<Audited> {
  const shop = commandSettings(auditSettings);
  try {
    const { rules, broken } = await auditShop(shop, OPTIONS);
    const checked = rules.filter(({ looked }) => looked);
    return {
      clean: broken === 0,
      looked: true,
      rules: checked.length,
      provider: checked.length === rules.length,
      broken,
      findings: rules.flatMap(({ name, items }) =>
        items.map(({ item, says }) => `${name}: ${item}: ${says}`),
      ),
    };
  } catch (error) {
    const nothing = { rules: 0, provider: false, broken: 0, findings: [] };
    return { clean: false, looked: false, error: messageOf(error), ...nothing };
  }
}

export function auditLines(audit: Audited): string[] {
  const { clean, looked, error, rules, provider, broken, findings } = audit;
  if (!looked) return [`THE AUDIT COULD NOT RUN: ${error}; check SHOP_MYSQL_URL`];
  const without = provider ? "" : ", without those about the provider";
  if (clean) return [`the audit is clean: ${rules} rules hold${without}`];
  const items = broken === 1 ? "1 item that breaks a rule" : `${broken} items that break a rule`;
  return [`the audit found ${items}:`, ...findings.map((finding) => `  ! ${finding}`)];
}
