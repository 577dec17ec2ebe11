import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { DescMethod } from "@bufbuild/protobuf";
import type { UniversalServerResponse } from "@connectrpc/connect/protocol";
import { GoodsService } from "#proto/shop/goods/v1/goods_pb.ts";
import { matchesTag } from "./docs.ts";
import { CATALOGUE_SECONDS } from "./limits.ts";

/** Reads whose answer is the same for every caller without a token. */
const CATALOGUE: readonly DescMethod[] = [
  GoodsService.method.listGoods,
  GoodsService.method.getGoods,
];

const CATALOGUE_HEADERS = {
  "cache-control": `public, max-age=${CATALOGUE_SECONDS}`,
  vary: "Authorization, Cookie, Origin, Accept-Encoding",
};

/** Headers that describe a body, which a 304 does not have. */
const OF_BODY = ["content-type", "content-length", "content-encoding"];

/**
 * Lets caches keep an answer of the public catalogue to an anonymous GET, and answers 304 to a
 * client that has it already. A request with any token or cookie is not anonymous, valid or not.
 * Returns all other answers as they are: they are `no-store` by default (routes.ts).
 */
export async function cacheable(
  request: IncomingMessage,
  method: DescMethod,
  answer: UniversalServerResponse,
): Promise<UniversalServerResponse> {
  const { authorization, cookie, "if-none-match": ifNoneMatch } = request.headers;
  const isAnonymous = authorization === undefined && cookie === undefined;
  const isRead = request.method === "GET" && CATALOGUE.includes(method) && answer.status === 200;
  if (!isRead || !isAnonymous || !answer.body) return answer;
  const body: Uint8Array[] = [];
  const hash = createHash("sha256");
  for await (const chunk of answer.body) {
    body.push(chunk);
    hash.update(chunk);
  }
  const etag = `"${hash.digest("base64url")}"`;
  const header = new Headers(answer.header);
  for (const [name, value] of Object.entries({ ...CATALOGUE_HEADERS, etag })) {
    header.set(name, value);
  }
  if (ifNoneMatch === undefined || !matchesTag(ifNoneMatch, etag)) {
    return { ...answer, header, body: streamOf(body) };
  }
  for (const name of OF_BODY) header.delete(name);
  return { status: 304, header };
}

async function* streamOf(chunks: readonly Uint8Array[]): AsyncIterable<Uint8Array> {
  yield* chunks;
}
