/**
 * An answer other than 10000, as Alipay's `code`, `sub_code` and `sub_msg`. `kept`: what the call
 * did before stays, such as a payment of a moment ago.
 */
export class AlipayError extends Error {
  readonly code: string;
  readonly subCode: string;
  readonly kept: boolean;

  constructor(code: string, subCode: string, message: string, kept = false) {
    super(message);
    this.name = "AlipayError";
    this.code = code;
    this.subCode = subCode;
    this.kept = kept;
  }
}

/** The `msg` of each `code`. */
export const MESSAGES: Record<string, string> = {
  "10000": "Success",
  "20000": "Service Currently Unavailable",
  "40001": "Missing Required Arguments",
  "40002": "Invalid Arguments",
  "40004": "Business Failed",
  "40005": "Call Limited",
  "40006": "Insufficient Permissions",
};

/** A refusal by the business: `ACQ.` and the code. */
export function refused(subCode: string, message: string, kept = false): AlipayError {
  return new AlipayError("40004", `ACQ.${subCode}`, message, kept);
}

export function invalid(subCode: string, message: string): AlipayError {
  return new AlipayError("40002", `isv.${subCode}`, message);
}
