import { Checks } from "#platform/values/checks.ts";
import { closePage, openPage } from "#platform/values/pages.ts";
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

  const list = "shop.goods.v1.GoodsService/ListGoods";
  const page = openPage({ ...request, list, filters: [request.query, ...request.goodsIds] });
  const filter = { words, goodsIds: request.goodsIds, after: page.cursor ?? 0n, limit: page.limit };
  const found = await listGoodsRows(database, filter);
  const { entries, nextPageToken } = closePage(page, found, ({ goodsId }) => goodsId);
  return { goods: entries, nextPageToken };
}
