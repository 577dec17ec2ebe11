// What the document says in prose, besides the comments of the proto files.

export const INTRODUCTION = `\
Every method of the shop that clients may call, as JSON over HTTP with the [Connect](https://connectrpc.com/docs/protocol)
protocol: POST a JSON object, get a JSON object. The same addresses serve Connect with binary messages, gRPC and gRPC-Web.

- A field with its default value (0, "", false, an empty list, the first value of an enum) is left out of answers, and may
  be left out of requests.
- 64-bit integers are strings. Requests may have them as numbers, too, where a double holds all the digits; any other
  number is refused.
- Enums are names; requests may have their numbers, too. Times are RFC 3339; requests may have any offset.
- Field names are in lowerCamelCase. Requests may have them as in the proto files, too (\`page_token\`); descriptions and the
  paths in \`fieldViolations\` name them so. A field that does not exist is refused.
- A user's own \`userId\` may be left out: it is the token's.
- Amounts are in cents, the smallest unit of the shop's currency.
- A request has 1 MiB at most.
`;

/** Who may call a method, by its access option. */
export const WHO: Record<string, string> = {
  ACCESS_PUBLIC: "**Access:** anyone, without a token.",
  ACCESS_USER:
    "**Access:** a user's token, for that user's own data only, or an administrator's, for anyone's.",
  ACCESS_ADMIN: "**Access:** an administrator's token.",
};

export const TIMEOUT =
  "How long the client waits, in milliseconds; then the answer is deadline_exceeded. 10 seconds where it is missing.";

export const COOKIE =
  "For browsers: the tokens come as HttpOnly cookies instead of in the answer, where the request is of an origin that " +
  "the gateway allows.";

export const ENVELOPE =
  "In the stream each message has a prefix of 5 bytes: one of flags, then the length of the JSON that follows as an " +
  "unsigned 32-bit integer, big endian. Flags are 0 for a message and 2 for the end of the stream.";

export const STREAM_ANSWER =
  "Any number of messages, then the end of the stream, which has the error where there was one: the HTTP status is 200 " +
  "all the same. Not to be tried from a page such as this: clients of Connect, gRPC and gRPC-Web read it.";

export const ERROR =
  "An error of the Connect protocol. The HTTP status follows from its code; what to do about it, from the reason in its " +
  "ErrorInfo.";
