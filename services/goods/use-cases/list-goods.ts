import { Checks } from "#platform/values/checks.ts";
import { decodePageToken, encodePageToken, pageSize } from "#platform/values/pages.ts";
import type { Goods } from "../domain/goods.ts";
import { MAX_LISTED_IDS, MAX_QUERY, MAX_QUERY_WORDS } from "../limits.ts";
import { listGoods as listGoodsRows } from "../store/goods.ts";
import type { Parts } from "./parts.ts";

type ListGoods = {
  pageSize: number;
  pageToken: string;
  query: string;
  goodsIds: readonly bigint[];
};

/** A page of the catalogue, any status, ordered by id; with `goodsIds`, only those goods. */
export async function listGoods(
  { database }: Pick<Parts, "database">,
  request: ListGoods,
): Promise<{ goods: Goods[]; nextPageToken: string }> {
  const words = request.query.split(/\s+/).filter((word) => word !== "");
  const checks = new Checks();
  checks.text("query", request.query, { max: MAX_QUERY });
  checks.that(
    "query",
    words.length <= MAX_QUERY_WORDS,
    `must have at most ${MAX_QUERY_WORDS} words`,
  );
  checks.count("goods_ids", request.goodsIds, { max: MAX_LISTED_IDS });
  request.goodsIds.slice(0, MAX_LISTED_IDS).forEach((goodsId, index) => {
    checks.identifier(`goods_ids[${index}]`, goodsId);
  });
  checks.throwIfAny();

  const size = pageSize(request.pageSize);
  const after = decodePageToken(request.pageToken) ?? 0n;
  const filter = { words, goodsIds: request.goodsIds, after, limit: size + 1 };
  const found = await listGoodsRows(database, filter);
  const goods = found.slice(0, size);
  const last = found.length > size ? goods.at(-1) : undefined;
  return { goods, nextPageToken: last ? encodePageToken(last.goodsId) : "" };
}
