/**
 * The currencies of ISO 4217 and how many decimal places their minor units have.
 *
 * Source: list one of ISO 4217, which SIX publishes as the standard's maintenance agency, up to
 * amendment 180. `Intl` is no replacement: it follows CLDR, which gives 13 currencies, for example
 * the Iraqi dinar, the places that people write instead of the places that payments have. Codes
 * without a minor unit, such as gold (XAU), tests (XTS) and "no currency" (XXX), are left out: no
 * shop can charge them.
 */
const CODES: Readonly<Record<number, string>> = {
  0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
  2: `AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD
    CDF CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP
    GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD
    MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP
    PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT
    TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XAD XCD XCG YER ZAR ZMW ZWG`,
  3: "BHD IQD JOD KWD LYD OMR TND",
  4: "CLF UYW",
};

/**
 * Withdrawn from the list since 2025, all with two places. No shop can be opened in them, and
 * amounts of older orders and payments can still be written.
 */
const WITHDRAWN = ["ANG", "BGN", "CUC"];

/** The decimal places of each currency that a shop can charge, by code. */
export const EXPONENTS: ReadonlyMap<string, number> = new Map(
  Object.entries(CODES).flatMap(([exponent, codes]) =>
    codes.split(/\s+/).map((code) => [code, Number(exponent)] as const),
  ),
);

/** Whether this is the code of a currency that a shop can charge: three upper-case letters. */
export function isCurrency(code: string): boolean {
  return EXPONENTS.has(code);
}

/** Whether amounts can be in this currency: one that a shop can charge, or could until lately. */
export function isKnownCurrency(code: string): boolean {
  return isCurrency(code) || WITHDRAWN.includes(code);
}

/**
 * The decimal places of a currency's minor unit: 2 for EUR, 0 for JPY, 3 for KWD. Throws RangeError
 * for a code that is not in ISO 4217.
 */
export function exponentOf(code: string): number {
  const exponent = EXPONENTS.get(code) ?? (WITHDRAWN.includes(code) ? 2 : undefined);
  if (exponent === undefined) {
    throw new RangeError(`"${code}" is not a currency of ISO 4217, such as EUR`);
  }
  return exponent;
}

/** The minor units of one full unit of a currency: 100n for EUR, 1n for JPY, 1000n for KWD. */
export function minorUnitsOf(code: string): bigint {
  return 10n ** BigInt(exponentOf(code));
}

/**
 * An amount of minor units for people, exact and without the code: 1234n is "12.34" in EUR, "1234"
 * in JPY and "1.234" in KWD.
 */
export function formatAmount(minorUnits: bigint, code: string): string {
  const exponent = exponentOf(code);
  const sign = minorUnits < 0n ? "-" : "";
  const digits = String(minorUnits < 0n ? -minorUnits : minorUnits).padStart(exponent + 1, "0");
  const whole = digits.slice(0, digits.length - exponent);
  return exponent === 0 ? sign + whole : `${sign}${whole}.${digits.slice(-exponent)}`;
}

/** An amount of minor units with its code: "12.34 EUR", "1234 JPY". */
export function amountText(minorUnits: bigint, code: string): string {
  return `${formatAmount(minorUnits, code)} ${code}`;
}
