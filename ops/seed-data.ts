// A small shop to try things with. Its request ids are fixed, so that seeding is idempotent.

export const goods = [
  { sku: "tea-sencha-100", name: "Sencha, 100 g", unitPriceCents: 890n, stock: 400n },
  { sku: "tea-assam-250", name: "Assam, 250 g", unitPriceCents: 1_250n, stock: 250n },
  { sku: "tea-rooibos-200", name: "Rooibos, 200 g", unitPriceCents: 640n, stock: 300n },
  { sku: "pot-iron-08", name: "Iron teapot, 0.8 l", unitPriceCents: 5_900n, stock: 40n },
  { sku: "pot-glass-12", name: "Glass teapot, 1.2 l", unitPriceCents: 3_450n, stock: 60n },
  { sku: "cup-celadon", name: "Celadon cup", unitPriceCents: 1_480n, stock: 180n },
  { sku: "cup-set-6", name: "Set of six cups", unitPriceCents: 7_200n, stock: 25n },
  { sku: "kettle-steel-15", name: "Steel kettle, 1.5 l", unitPriceCents: 4_990n, stock: 80n },
  { sku: "strainer-fine", name: "Fine strainer", unitPriceCents: 450n, stock: 500n },
  { sku: "tin-black-250", name: "Black tea tin, 250 g", unitPriceCents: 980n, stock: 220n },
  { sku: "honey-linden", name: "Linden honey, 500 g", unitPriceCents: 1_150n, stock: 90n },
  { sku: "book-of-tea", name: "The Book of Tea", unitPriceCents: 1_690n, stock: 35n },
  { sku: "tea-longjing-100", name: "西湖龙井 100克", unitPriceCents: 2_880n, stock: 120n },
  { sku: "tea-puer-357", name: "云南普洱茶饼 357克", unitPriceCents: 4_600n, stock: 70n },
  { sku: "tea-oolong-150", name: "凍頂烏龍茶 150 公克", unitPriceCents: 2_150n, stock: 90n },
  { sku: "tea-gyokuro-80", name: "玉露 八女茶 80g", unitPriceCents: 3_200n, stock: 60n },
  { sku: "tea-ivan-100", name: "Иван-чай, 100 г", unitPriceCents: 560n, stock: 150n },
  { sku: "tea-mint-80", name: "شاي بالنعناع، 80 غ", unitPriceCents: 720n, stock: 110n },
  { sku: "tea-masala-200", name: "मसाला चाय, 200 ग्राम", unitPriceCents: 830n, stock: 140n },
  { sku: "cup-painted", name: "Tasse à thé « été » 🍵", unitPriceCents: 1_950n, stock: 45n },
].map((item) => ({ ...item, requestId: `seed-${item.sku}`, description: "", imageUrl: "" }));

/**
 * Users with public passwords, which is why production is never seeded. `key` is part of the request
 * ids, which are ASCII.
 */
export const users = [
  { key: "ada", userName: "ada", balanceCents: 50_000n },
  { key: "grace", userName: "grace", balanceCents: 20_000n },
  { key: "linus", userName: "linus", balanceCents: 1_000n },
  { key: "wang", userName: "王小明", balanceCents: 30_000n },
].map((user) => ({ ...user, password: `${user.userName} likes tea`, mobile: "" }));

/** An order that its user pays from the balance, so that a fresh shop has one to look at. */
export const order = {
  userKey: "wang",
  sku: "tea-longjing-100",
  quantity: 2n,
  address: {
    consignee: "王小明",
    mobile: "+86 138 0013 8000",
    text: "浙江省杭州市西湖区龙井路 1 号，邮编 310013",
  },
};

/** Each user gets one coupon of each kind. */
export const coupons = [
  {
    key: "five-off",
    discount: {
      kind: { case: "amountOffCents", value: 500n },
      minimumGoodsAmountCents: 3_000n,
    },
  },
  {
    key: "tenth-off",
    discount: {
      kind: { case: "basisPointsOff", value: 1_000 },
      maximumOffCents: 2_000n,
    },
  },
] as const;
