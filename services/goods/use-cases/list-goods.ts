import { Checks } from "#platform/values/checks.ts";
import { closePage, openPage } from "#platform/values/pages.ts";
import { GoodsStatus } from "../domain/goods.ts";
import { MAX_LISTED_IDS, MAX_QUERY, MAX_QUERY_WORDS } from "../limits.ts";
import { listGoods as listGoodsRows } from "../store/goods.ts";
import type { Parts } from "./parts.ts";
import { type ShownGoods, showGoods } from "./steps/show-goods.ts";

type ListGoods = {
  pageSize: number;
  pageToken: string;
  query: string;
  goodsIds: readonly bigint[];
};

/**
 * A page of the catalogue, ordered by id; with `goodsIds`, only those goods. Only a viewer who
 * `seesAll` gets goods off the shelf, and the stock.
 */
export async function listGoods(
  { database }: Pick<Parts, "database">,
  request: ListGoods,
  { seesAll }: { seesAll: boolean },
): Promise<{ goods: ShownGoods[]; nextPageToken: string }> {
  const words = request.query
    .normalize("NFC")
    .split(/\s+/)
    .filter((word) => word !== "");
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
  const found = await listGoodsRows(database, {
    words,
    goodsIds: request.goodsIds,
    status: seesAll ? undefined : GoodsStatus.ON_SALE,
    after: page.cursor ?? 0n,
    limit: page.limit,
  });
  const { entries, nextPageToken } = closePage(page, found, ({ goodsId }) => goodsId);
  return { goods: entries.map((goods) => showGoods(goods, seesAll)), nextPageToken };
}
