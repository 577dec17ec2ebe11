// Minor units at Stripe, which are not ISO 4217's (docs.stripe.com/currencies).

const ZERO_DECIMAL = "bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf".split(" ");
const THREE_DECIMAL = "bhd jod kwd omr tnd".split(" ");
/** Written with two decimals that must be 00. */
const WHOLE_UNITS = "isk ugx".split(" ");
const TWO_DECIMAL =
  "aed aud bgn brl cad chf cny czk dkk eur gbp hkd huf idr ils inr mxn myr nok nzd php pln ron sek sgd thb try twd usd zar".split(
    " ",
  );

/** The smallest charge in each settlement currency; others have no minimum here. */
const LEAST: Record<string, bigint> = {
  usd: 50n,
  eur: 50n,
  aud: 50n,
  cad: 50n,
  chf: 50n,
  brl: 50n,
  nzd: 50n,
  sgd: 50n,
  inr: 50n,
  gbp: 30n,
  jpy: 50n,
  hkd: 400n,
  dkk: 250n,
  nok: 300n,
  sek: 300n,
  pln: 200n,
  czk: 1_500n,
  huf: 17_500n,
  ron: 200n,
  bgn: 100n,
  aed: 200n,
  mxn: 1_000n,
  myr: 200n,
  thb: 1_000n,
};
const MOST = 99_999_999n;

function exponentOf(currency: string): number {
  if (ZERO_DECIMAL.includes(currency)) return 0;
  return THREE_DECIMAL.includes(currency) ? 3 : 2;
}

/** Why Stripe does not charge this amount, as code and message; undefined if it does. */
export function chargeFault(amount: bigint, currency: string): [string, string] | undefined {
  const least = LEAST[currency] ?? 1n;
  if (!isCurrency(currency)) return ["parameter_invalid", `Invalid currency: ${currency}.`];
  const fault = divisibilityFault(amount, currency);
  if (fault) return fault;
  if (amount < least)
    return [
      "amount_too_small",
      `The Checkout Session's total amount due must add up to at least ${least} ${currency}.`,
    ];
  if (amount > MOST)
    return ["amount_too_large", `The total amount due must be no more than ${MOST} ${currency}.`];
  return undefined;
}

/** The rules for the last digits, which hold for refunds as well. */
export function divisibilityFault(amount: bigint, currency: string): [string, string] | undefined {
  const name = currency.toUpperCase();
  if (WHOLE_UNITS.includes(currency) && amount % 100n !== 0n) {
    return [
      "invalid_charge_amount_no_decimal_compatible",
      `Invalid amount. Currency ${name} has become effectively zero-decimal and charged amounts must be evenly divisible by 100.`,
    ];
  }
  if (THREE_DECIMAL.includes(currency) && amount % 10n !== 0n) {
    return ["parameter_invalid_integer", `Invalid amount. The last digit must be 0 in ${name}.`];
  }
  return undefined;
}

/** Whether Stripe takes this currency, in lower case. */
export function isCurrency(text: string): boolean {
  return [ZERO_DECIMAL, THREE_DECIMAL, WHOLE_UNITS, TWO_DECIMAL].some((list) =>
    list.includes(text),
  );
}

/** "$ 10.00" without a symbol: "10.00 USD", "500 JPY", "5.120 KWD". */
export function amountText(amount: bigint, currency: string): string {
  const exponent = exponentOf(currency);
  const digits = String(amount).padStart(exponent + 1, "0");
  const at = digits.length - exponent;
  const number = exponent === 0 ? digits : `${digits.slice(0, at)}.${digits.slice(at)}`;
  return `${number} ${currency.toUpperCase()}`;
}
