/**
 * The headers that each payment provider's callbacks are verified with, in lower case, by the
 * provider's name. The gateway passes exactly these and the content type on to the pay service; no
 * token and no cookie gets through. Each value has at most 4,096 characters.
 */
export const CALLBACK_HEADERS = {
  sandbox: ["sandbox-merchant", "sandbox-timestamp", "sandbox-signature"],
  // The body of Alipay's callback carries its own signature.
  alipay: [],
  // Answers to the shop's requests have them too.
  wechatpay: ["wechatpay-serial", "wechatpay-timestamp", "wechatpay-nonce", "wechatpay-signature"],
  stripe: ["stripe-signature"],
} as const satisfies Record<string, readonly string[]>;
