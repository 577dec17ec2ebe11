// The prose of the document, apart from the comments of the proto files.

import {
  DEFAULT_DEADLINE_MS,
  MAX_ORDER_BYTES,
  MAX_REQUEST_BYTES,
  MAX_UNPACKED_RATIO,
} from "../../gateway/limits.ts";

export const INTRODUCTION = `\
The JSON interface of the shop: every method for clients, over the
[Connect protocol](https://connectrpc.com/docs/protocol). POST a JSON object, get a JSON object. The same addresses
also serve binary messages, gRPC and gRPC-Web.

- Responses leave out fields with their default value (0, "", false, an empty list, the first value of an enum).
  Requests may leave them out too.
- 64-bit integers are strings. Requests may also have them as numbers that a double can hold exactly. Any other
  number is refused.
- Enum values are names. Requests may also have their numbers.
- Times are RFC 3339. Requests may have any offset.
- Field names are in lowerCamelCase. Requests may also have the names of the proto files (\`page_token\`), which
  descriptions and the paths in \`fieldViolations\` use. An unknown field is refused.
- A user may leave out \`userId\`: it is then the user of the token.
- Amounts are in cents, the minor unit of the shop's currency.
- A request has at most ${MAX_REQUEST_BYTES / 1_024} KiB, and one with the lines of an order ${MAX_ORDER_BYTES / 1_024} KiB. A compressed one
  has at most ${MAX_UNPACKED_RATIO} times its size.
`;

/** Who may call a method, by its access option. */
export const WHO: Record<string, string> = {
  ACCESS_PUBLIC: "**Access:** anyone, without a token.",
  ACCESS_USER:
    "**Access:** a user's token, for that user's own data, or an administrator's, for all users.",
  ACCESS_ADMIN: "**Access:** an administrator's token.",
};

/** The reasons that every method can fail with, apart from those that its comment names. */
export const GENERAL_REASONS = [
  "REASON_INVALID_ARGUMENT",
  "REASON_UNAUTHENTICATED",
  "REASON_PERMISSION_DENIED",
  "REASON_RATE_LIMITED",
  "REASON_TOKEN_EXPIRED",
];

/**
 * Where the values come from that an example can only stand in for, by field name: a shop chooses
 * its ids itself.
 */
export const PLACEHOLDERS: Record<string, string> = {
  couponId: "ListCoupons has the ids of coupons",
  goodsId: "ListGoods has the ids of goods",
  orderId: "ListOrders has the ids of orders",
  paymentId: "ListPayments has the ids of payments",
  refreshToken: "Login and RefreshSession return refresh tokens",
  userId: "Register and Login return the ids of users",
};

export const TIMEOUT =
  "The deadline of the call in milliseconds from now. After it, the call fails with deadline_exceeded. " +
  `${DEFAULT_DEADLINE_MS / 1_000} seconds if missing.`;

export const COOKIE =
  "For browsers: returns the tokens as HttpOnly cookies instead of in the response. The page must be of an origin " +
  "that the gateway allows.";

export const ENVELOPE =
  "Each message has a prefix of 5 bytes: one byte of flags, then the length of its JSON as an unsigned 32-bit " +
  "integer, big endian. The flags are 0 for a message and 2 for the end of the stream.";

export const STREAM_RESPONSE =
  "Any number of messages, then the end of the stream, which has the error if the call failed. The HTTP status is " +
  "200 in both cases. This page cannot show a stream: use a client of Connect, gRPC or gRPC-Web.";

export const ERROR =
  "An error of the Connect protocol. Its code determines the HTTP status. The reason in its ErrorInfo is what a " +
  "client should switch on. A failure without an ErrorInfo, such as unavailable, deadline_exceeded or internal, has no " +
  "reason: the call may have had its effect.";
