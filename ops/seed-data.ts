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
].map((item) => ({ ...item, requestId: `seed-${item.sku}`, description: "", imageUrl: "" }));

/** Users with public passwords, which is why production is never seeded. */
export const users = [
  { userName: "ada", balanceCents: 50_000n },
  { userName: "grace", balanceCents: 20_000n },
  { userName: "linus", balanceCents: 1_000n },
].map((user) => ({ ...user, password: `${user.userName} likes tea`, mobile: "" }));

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
