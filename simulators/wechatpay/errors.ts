/** An error of the API: a status, a code and a message, as documented for each call. */
export class WechatError extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.name = "WechatError";
    this.status = status;
    this.code = code;
  }
}

export function paramError(message: string): WechatError {
  return new WechatError(400, "PARAM_ERROR", message);
}

export function invalidRequest(message: string): WechatError {
  return new WechatError(400, "INVALID_REQUEST", message);
}

export function signError(message: string): WechatError {
  return new WechatError(401, "SIGN_ERROR", message);
}
