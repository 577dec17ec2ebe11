import assert from "node:assert/strict";
import { formatAmount } from "#platform/values/currencies.ts";
import {
  accountSums,
  BalanceMove,
  balanceEntries,
  differences,
  disputeEntries,
  feeEntries,
  foreignRefundEntries,
  type Movement,
  orderRefundEntries,
  otherEntries,
  paidOrderEntries,
  paymentEntries,
  providerRefundEntries,
} from "./journal.ts";

const { TOP_UP, PAY, REFUND } = BalanceMove;
type Entries = ReturnType<typeof paymentEntries>;

/** Debits less credits of each account, as people write the amounts. */
function balancesOf(currency: string, ...entries: Entries[]): Record<string, string> {
  const movements: Movement[] = entries
    .flat()
    .map((entry) => ({ ...entry, time: new Date(0), item: "", orderId: 1n, currency }));
  const sums = accountSums(movements);
  assert.deepEqual([...differences(sums).values()], [0n]);
  assert.ok(movements.every(({ amountCents }) => amountCents > 0n));
  return Object.fromEntries(
    sums.map(({ account, debitCents, creditCents }) => {
      return [account, formatAmount(debitCents - creditCents, currency)];
    }),
  );
}

describe("books", () => {
  it("turn money and balance that were received into revenue once the order is paid", () => {
    // 30.00 of goods and 4.90 of shipping: 5.00 by coupon, 10.00 of balance, 19.90 by Alipay.
    const received = [
      balanceEntries({ type: TOP_UP, amountCents: 5_000n }),
      balanceEntries({ type: PAY, amountCents: -1_000n }),
      paymentEntries({ provider: "alipay", amountCents: 1_990n }),
    ];
    assert.deepEqual(balancesOf("CNY", ...received), {
      customer_balances: "-40.00",
      deposits: "-29.90",
      "receivable:alipay": "19.90",
      top_ups: "50.00",
    });
    const order = { goodsAmountCents: 3_000n, shippingFeeCents: 490n, couponPaidCents: 500n };
    assert.deepEqual(balancesOf("CNY", ...received, paidOrderEntries(order)), {
      coupons: "5.00",
      customer_balances: "-40.00",
      deposits: "0.00",
      "receivable:alipay": "19.90",
      revenue: "-30.00",
      shipping: "-4.90",
      top_ups: "50.00",
    });
  });

  it("pass a refund through the deposits, the provider first and the rest to the balance", () => {
    // 21.00 for goods and 4.90 of the fee: 19.90 through the provider, 6.00 to the balance.
    assert.deepEqual(
      balancesOf(
        "CNY",
        providerRefundEntries({ provider: "wechatpay", amountCents: 1_990n, cameBack: false }),
        balanceEntries({ type: REFUND, amountCents: 600n }),
        orderRefundEntries({ spentCents: 2_100n, shippingCents: 490n }),
      ),
      {
        customer_balances: "-6.00",
        deposits: "0.00",
        "receivable:wechatpay": "-19.90",
        refunds: "21.00",
        shipping: "4.90",
      },
    );
  });

  it("have money in the deposits that is to go back: a late payment, a refund that came back", () => {
    const late = paymentEntries({ provider: "stripe", amountCents: 700n });
    const refund = { provider: "stripe", amountCents: 700n };
    const done = providerRefundEntries({ ...refund, cameBack: false });
    const back = providerRefundEntries({ ...refund, cameBack: true });
    const open = { deposits: "-7.00", "receivable:stripe": "7.00" };
    const closed = { deposits: "0.00", "receivable:stripe": "0.00" };
    assert.deepEqual(balancesOf("EUR", late), open);
    assert.deepEqual(balancesOf("EUR", late, done), closed);
    assert.deepEqual(balancesOf("EUR", late, done, back), open);
    assert.deepEqual(balancesOf("EUR", late, done, back, done), closed);
  });

  it("give back the balance of a cancelled order", () => {
    const held = balanceEntries({ type: PAY, amountCents: -1_234n });
    const back = balanceEntries({ type: REFUND, amountCents: 1_234n });
    assert.deepEqual(balancesOf("EUR", held, back), {
      customer_balances: "0.00",
      deposits: "0.00",
    });
  });

  it("have refunds that the shop did not request apart from its own", () => {
    const refund = { provider: "alipay", amountCents: 100n };
    assert.deepEqual(balancesOf("CNY", foreignRefundEntries(refund)), {
      "receivable:alipay": "-1.00",
      refunds_elsewhere: "1.00",
    });
  });

  it("have disputes, fees and payouts at the expense of what the provider owes", () => {
    const dispute = { provider: "stripe", amountCents: 1_234n };
    assert.deepEqual(
      balancesOf(
        "EUR",
        disputeEntries({ ...dispute, returned: false }),
        feeEntries({ provider: "stripe", feeCents: 1_566n }),
        disputeEntries({ ...dispute, returned: true }),
        feeEntries({ provider: "stripe", feeCents: -1_500n }),
        otherEntries({ provider: "stripe", amountCents: -5_000n }),
      ),
      {
        "bank:stripe": "50.00",
        disputes: "0.00",
        "fees:stripe": "0.66",
        "receivable:stripe": "-50.66",
      },
    );
  });

  it("are in the minor units of each currency", () => {
    // 4,980 yen of goods and 500 of shipping; 12.345 dinars of goods.
    const yen = { goodsAmountCents: 4_980n, shippingFeeCents: 500n, couponPaidCents: 480n };
    assert.deepEqual(
      balancesOf(
        "JPY",
        paymentEntries({ provider: "stripe", amountCents: 5_000n }),
        paidOrderEntries(yen),
      ),
      {
        coupons: "480",
        deposits: "0",
        "receivable:stripe": "5000",
        revenue: "-4980",
        shipping: "-500",
      },
    );
    const dinars = { goodsAmountCents: 12_345n, shippingFeeCents: 0n, couponPaidCents: 0n };
    assert.deepEqual(balancesOf("KWD", paidOrderEntries(dinars)), {
      deposits: "12.345",
      revenue: "-12.345",
    });
  });

  it("keep currencies apart, and debit and credit the same amount in each movement", () => {
    const movement = (currency: string, amountCents: bigint): Movement => ({
      time: new Date(0),
      item: "payment 1",
      orderId: 1n,
      currency,
      debit: "receivable:stripe",
      credit: "deposits",
      amountCents,
    });
    const sums = accountSums([movement("EUR", 5n), movement("JPY", 7n), movement("EUR", 6n)]);
    assert.deepEqual(
      sums.map(({ account, currency, debitCents, creditCents }) => {
        return `${currency} ${account} ${debitCents} ${creditCents}`;
      }),
      [
        "EUR deposits 0 11",
        "EUR receivable:stripe 11 0",
        "JPY deposits 0 7",
        "JPY receivable:stripe 7 0",
      ],
    );
    assert.deepEqual(
      [...differences(sums)],
      [
        ["EUR", 0n],
        ["JPY", 0n],
      ],
    );
    assert.deepEqual(
      [...differences(sums.slice(1))].map(([, cents]) => cents),
      [11n, 0n],
    );
  });
});
