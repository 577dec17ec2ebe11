import { auditSettings, auditShop } from "../ops/audit/shop.ts";
import { commandSettings } from "../ops/command/settings.ts";

/** What the audit says of the whole shop. */
export type Audited = {
  clean: boolean;
  /** False where it could not look: `trouble` says why, and nothing is known. */
  looked: boolean;
  trouble?: string;
  /** Rules that were looked at, and whether the platform's were among them. */
  rules: number;
  platform: boolean;
  broken: number;
  findings: string[];
};

/** The shop is quiet: the replay has waited for all that it did, so nothing is left out for being young. */
const OPTIONS = {
  quietSeconds: 0,
  settleSeconds: 60,
  againAfterMs: 3_000,
  maxItems: 20,
};

/** Audits the shop after a run. */
export async function auditAfter(): Promise<Audited> {
  const settings = commandSettings(auditSettings);
  try {
    const { rules, broken } = await auditShop(settings, OPTIONS);
    const looked = rules.filter((rule) => rule.looked);
    return {
      clean: broken === 0,
      looked: true,
      rules: looked.length,
      platform: looked.length === rules.length,
      broken,
      findings: rules.flatMap(({ name, items }) =>
        items.map(({ item, says }) => `${name}: ${item}: ${says}`),
      ),
    };
  } catch (error) {
    const { message: trouble } = error as Error;
    const nothing = { rules: 0, platform: false, broken: 0, findings: [] };
    return { clean: false, looked: false, trouble, ...nothing };
  }
}

export function auditWords(audit: Audited): string[] {
  const { clean, looked, trouble, rules, platform, broken, findings } = audit;
  if (!looked) return [`THE AUDIT COULD NOT LOOK: ${trouble} (SHOP_MYSQL_URL)`];
  const without = platform ? "" : ", without the platform's";
  if (clean) return [`the audit is clean: ${rules} rules hold${without}`];
  const items = broken === 1 ? "1 item that breaks a rule" : `${broken} items that break a rule`;
  return [`the audit found ${items}:`, ...findings.map((finding) => `  ! ${finding}`)];
}
