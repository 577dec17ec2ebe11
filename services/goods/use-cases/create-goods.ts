import { Checks } from "#platform/values/checks.ts";
import { fingerprint } from "#platform/values/fingerprint.ts";
import { Reason, Refusal } from "#platform/values/refusal.ts";
import { type Goods, GoodsStatus } from "../domain/goods.ts";
import { StockLogType } from "../domain/stock.ts";
import { MAX_SKU, MAX_STOCK } from "../limits.ts";
import { findCreated, insertGoods, skuIsTaken } from "../store/goods.ts";
import { insertMovements } from "../store/stock-log.ts";
import type { Parts } from "./parts.ts";
import { checkDetails } from "./steps/check-details.ts";
import { type ShownGoods, showGoods } from "./steps/show-goods.ts";

type CreateGoods = Pick<Goods, "name" | "description" | "unitPriceCents" | "stock" | "imageUrl"> & {
  requestId: string;
  sku: string;
};

/**
 * Puts an item on sale. Its texts are stored in composed form (NFC), in which they are searched and
 * compared. Its opening stock is the first movement in its log. Idempotent by request
 * id: the same contents get the goods as they were created, other contents REQUEST_ID_REUSED.
 */
export async function createGoods(
  { database, identifiers }: Parts,
  command: CreateGoods,
): Promise<ShownGoods> {
  const fault = faultOf(command);
  const { requestId, stock } = command;
  const sku = command.sku === "" ? null : command.sku.normalize("NFC");
  const name = command.name.normalize("NFC");
  const description = command.description.normalize("NFC");
  const contents = fingerprint([
    command.sku,
    command.name,
    command.description,
    command.unitPriceCents,
    stock,
    command.imageUrl,
  ]);

  const created = await database.transact("create-goods", async (tx) => {
    const earlier = await findCreated(tx, requestId);
    if (earlier) {
      if (contents.equals(earlier.requestFingerprint)) return earlier;
      throw new Refusal(Reason.REQUEST_ID_REUSED, { request_id: requestId });
    }
    if (fault) throw fault;
    if (sku !== null && (await skuIsTaken(tx, sku))) throw skuTaken();
    const goodsId = identifiers.next();
    await insertGoods(tx, {
      goodsId,
      requestId,
      requestFingerprint: contents,
      sku,
      name,
      description,
      unitPriceCents: command.unitPriceCents,
      stock,
      imageUrl: command.imageUrl,
    });
    const opening = { type: StockLogType.ADJUST, delta: stock, stockAfter: stock };
    await insertMovements(tx, [{ ...opening, goodsId, orderId: null }], identifiers.next);
    const inserted = await findCreated(tx, requestId);
    if (!inserted)
      throw new Error(`goods ${goodsId} cannot be read in the transaction that inserted them`);
    return inserted;
  });

  const asCreated: Goods = {
    goodsId: created.goodsId,
    sku,
    name,
    description,
    unitPriceCents: command.unitPriceCents,
    stock,
    status: GoodsStatus.ON_SALE,
    imageUrl: command.imageUrl,
    createTime: created.createTime,
    updateTime: created.createTime,
  };
  return showGoods(asCreated, true);
}

/**
 * The refusal of malformed contents. Throws only for a malformed request id: a known one is answered
 * by what it created, even if the rules of today would refuse the contents.
 */
function faultOf(command: CreateGoods): Refusal | undefined {
  const checks = new Checks();
  checks.requestId("request_id", command.requestId);
  checks.throwIfAny();
  checks.line("sku", command.sku, { max: MAX_SKU });
  checks.integer("stock", command.stock, { min: 0n, max: MAX_STOCK });
  checkDetails(checks, command);
  return checks.refusal;
}

function skuTaken(): Refusal {
  const violation = { field: "sku", description: "is already the sku of other goods" };
  return new Refusal(Reason.INVALID_ARGUMENT, {}, [violation]);
}
