import { Checks } from "#platform/values/checks.ts";
import { Reason, Refusal } from "#platform/values/refusal.ts";
import { checkEtag, GoodsStatus } from "../domain/goods.ts";
import { MAX_ETAG } from "../limits.ts";
import { changeGoods, type GoodsChanges, lockOneGoods } from "../store/goods.ts";
import type { Parts } from "./parts.ts";
import { checkDetails } from "./steps/check-details.ts";
import { type ShownGoods, showGoods } from "./steps/show-goods.ts";

/** `status` is the number that the caller sent, which may be no GoodsStatus. */
type Fields = Omit<GoodsChanges, "status"> & { status?: number | undefined };

type UpdateGoods = Fields & {
  goodsId: bigint;
  /** The names of the fields to change, as in the contract. Undefined: those that are set. */
  mask: readonly string[] | undefined;
  /** The version that the caller read. Empty: any. */
  etag: string;
};

/** What a field becomes that the mask names and the request does not set. A price is refused. */
const CLEARED = {
  name: "",
  description: "",
  unitPriceCents: undefined,
  status: 0,
  imageUrl: "",
};

const PROPERTIES = new Map<string, keyof Fields>([
  ["name", "name"],
  ["description", "description"],
  ["unit_price_cents", "unitPriceCents"],
  ["status", "status"],
  ["image_url", "imageUrl"],
]);

/**
 * Changes the fields that the mask names, or those that are set. Other fields and the stock stay as
 * they are. Throws Refusal(GOODS_NOT_FOUND), and Refusal(ETAG_MISMATCH) if the goods have changed
 * since the caller read them.
 */
export async function updateGoods(
  { database }: Pick<Parts, "database">,
  command: UpdateGoods,
): Promise<ShownGoods> {
  const { goodsId, etag } = command;
  const named = maskedFields(command);
  // A malformed field is refused even if the mask does not name it: the caller made a mistake.
  const { status: wanted, ...details } = { ...setFields(command), ...named };
  const status = Object.values(GoodsStatus).find((known) => known === wanted);
  const checks = new Checks();
  checks.identifier("goods_id", goodsId);
  checks.text("etag", etag, { max: MAX_ETAG });
  for (const path of new Set(command.mask)) {
    const names = [...PROPERTIES.keys()].join(", ");
    checks.that("update_mask", PROPERTIES.has(path), `must name fields among ${names}`);
  }
  checks.that("status", status === wanted, "must be a known status");
  // Free goods have the price 0, so a price that was forgotten must not become one.
  const isPriced = details.unitPriceCents !== undefined;
  const isNamed = command.mask?.includes("unit_price_cents") ?? false;
  checks.that("unit_price_cents", isPriced || !isNamed, "must be set if the mask names it");
  checkDetails(checks, details);
  checks.throwIfAny();

  return database.transact("update-goods", async (tx) => {
    // The lock makes a second change of the same version wait, and then find another one.
    const goods = await lockOneGoods(tx, goodsId);
    if (!goods) throw new Refusal(Reason.GOODS_NOT_FOUND, { goods_id: String(goodsId) });
    checkEtag(goods, etag);
    // In composed form, as in CreateGoods.
    const changes = {
      ...named,
      name: named.name?.normalize("NFC"),
      description: named.description?.normalize("NFC"),
      status: named.status === undefined ? undefined : status,
    };
    return showGoods(await changeGoods(tx, goodsId, changes), true);
  });
}

function setFields(command: UpdateGoods): Fields {
  const { name, description, unitPriceCents, status, imageUrl } = command;
  return { name, description, unitPriceCents, status, imageUrl };
}

function maskedFields(command: UpdateGoods): Fields {
  const { mask } = command;
  const fields = setFields(command);
  if (mask === undefined || mask.length === 0) return fields;
  const named = [...PROPERTIES].filter(([path]) => mask.includes(path));
  return Object.fromEntries(
    named.map(([, property]) => [property, fields[property] ?? CLEARED[property]]),
  );
}
