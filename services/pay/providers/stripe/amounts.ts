import { exponentOf, isCurrency } from "#platform/values/currencies.ts";

// Stripe counts in minor units of its own, which are not those of ISO 4217 for every currency.
// Source: docs.stripe.com/currencies, sections "Zero-decimal currencies", "Three-decimal
// currencies" and "Special cases".

const ZERO_DECIMAL = "BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF".split(" ");
/** The last of three decimals must be 0: 5.124 KWD is charged as 5.120 or 5.130. */
const THREE_DECIMAL = "BHD JOD KWD OMR TND".split(" ");
/** Written with two decimals that must be 00. */
const WHOLE_UNITS = "ISK UGX".split(" ");
const TWO_DECIMAL = `AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BWP BYN BZD
  CAD CDF CHF CNY COP CRC CVE CZK DKK DOP DZD EGP ETB EUR FJD FKP GBP GEL GIP GMD GTQ GYD HKD HNL
  HTG HUF IDR ILS INR JMD KES KGS KHR KYD KZT LAK LBP LKR LRD LSL MAD MDL MKD MMK MNT MOP MUR MVR
  MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SEK
  SGD SHP SLE SOS SRD SZL THB TJS TOP TRY TTD TWD TZS UAH USD UYU UZS WST XCD YER ZAR ZMW`;

/** `exponent`: decimals of an amount at Stripe. `step`: what an amount is a multiple of. */
type Rule = { exponent: number; step: bigint };

const RULES: ReadonlyMap<string, Rule> = new Map([
  ...ZERO_DECIMAL.map((code): [string, Rule] => [code, { exponent: 0, step: 1n }]),
  ...THREE_DECIMAL.map((code): [string, Rule] => [code, { exponent: 3, step: 10n }]),
  ...WHOLE_UNITS.map((code): [string, Rule] => [code, { exponent: 2, step: 100n }]),
  ...TWO_DECIMAL.split(/\s+/).map((code): [string, Rule] => [code, { exponent: 2, step: 1n }]),
]);

/** Whether Stripe charges in this currency (ISO 4217, upper case). */
export function isCharged(currency: string): boolean {
  return RULES.has(currency) && isCurrency(currency);
}

/**
 * An amount in minor units of ISO 4217 as Stripe writes it: 1234n EUR is 1234n, 1500n ISK is
 * 150000n. Undefined if Stripe has no such amount: 5.123 KWD, or a fraction of an ariary.
 */
export function toStripe(minorUnits: bigint, currency: string): bigint | undefined {
  const rule = RULES.get(currency);
  if (!rule) return undefined;
  const amount = rescale(minorUnits, exponentOf(currency), rule.exponent);
  return amount !== undefined && amount % rule.step === 0n ? amount : undefined;
}

/**
 * An amount of Stripe in minor units of ISO 4217: 150000n ISK is 1500n. Undefined if the currency
 * has no such amount.
 */
export function fromStripe(amount: bigint, currency: string): bigint | undefined {
  const rule = RULES.get(currency);
  return rule && rescale(amount, rule.exponent, exponentOf(currency));
}

/** Writes the same amount with another number of decimals; undefined if digits would be lost. */
function rescale(amount: bigint, from: number, to: number): bigint | undefined {
  if (to >= from) return amount * 10n ** BigInt(to - from);
  const divisor = 10n ** BigInt(from - to);
  return amount % divisor === 0n ? amount / divisor : undefined;
}
