"""A shopper's way through the shop, with connectrpc."""

import os
import re
import secrets
import sys
import time
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urljoin, urlsplit
from urllib.request import urlopen

from connectrpc.code import Code
from connectrpc.errors import ConnectError

sys.path.insert(0, str(Path(__file__).parent / "gen"))

from shop.common.v1.error_pb import ErrorInfo, Reason
from shop.goods.v1.goods_connect import GoodsServiceClientSync
from shop.goods.v1.goods_pb import Availability, Goods, ListGoodsRequest
from shop.order.v1.order_connect import OrderServiceClientSync
from shop.order.v1.order_pb import (
    Address,
    OrderLine,
    PayStatus,
    PlaceOrderRequest,
    QuoteOrderRequest,
    WatchOrderRequest,
)
from shop.pay.v1.pay_connect import PayServiceClientSync
from shop.pay.v1.pay_pb import CreatePaymentRequest
from shop.user.v1.user_connect import UserServiceClientSync
from shop.user.v1.user_pb import GetUserRequest, LoginRequest, RegisterRequest

SHOP_URL = os.environ.get("SHOP_URL", "http://127.0.0.1:50050")
CURRENCY = os.environ.get("SHOP_CURRENCY") or "EUR"

# Currencies of ISO 4217 whose minor unit is not the hundredth part.
WITHOUT_PLACES = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split()
THREE_PLACES = "BHD IQD JOD KWD LYD OMR TND".split()

users = UserServiceClientSync(SHOP_URL)
catalogue = GoodsServiceClientSync(SHOP_URL)
orders = OrderServiceClientSync(SHOP_URL)
payments = PayServiceClientSync(SHOP_URL)


def main() -> None:
    signed = sign_in()
    goods = choose()
    ask_for_too_much(goods, signed)
    order_id = order(goods, signed)
    pay(order_id, signed)
    watch(order_id, signed)
    show_points(signed)


def sign_in() -> dict[str, str]:
    """Returns the header that identifies the caller."""
    name, password = f"sdk-py-{secrets.token_hex(4)}", secrets.token_hex(16)
    registered = users.register(RegisterRequest(user_name=name, password=password))
    session = users.login(LoginRequest(user_name=name, password=password))
    print(f"{name} is user {registered.user.user_id}, and signed in")
    return {"authorization": f"Bearer {session.access_token}"}


def choose() -> Goods:
    goods = catalogue.list_goods(ListGoodsRequest(page_size=100)).goods
    for item in goods:
        sold_out = item.availability == Availability.OUT_OF_STOCK
        print(f"  {money(item.unit_price_cents)}  {item.name}, {'sold out' if sold_out else 'in stock'}")
    return next(item for item in goods if item.availability == Availability.IN_STOCK)


def ask_for_too_much(goods: Goods, signed: dict[str, str]) -> None:
    """A refused call says why in a detail of its error, which a program can act on."""
    too_many = 1_000_000
    lines = [OrderLine(goods_id=goods.goods_id, quantity=too_many)]
    try:
        orders.quote_order(QuoteOrderRequest(lines=lines), headers=signed)
    except ConnectError as error:
        info = next((detail.value(ErrorInfo) for detail in error.details), None)
        if info is None or info.reason != Reason.STOCK_NOT_ENOUGH:
            raise
        print(f"{too_many} are refused: STOCK_NOT_ENOUGH, available {info.metadata['available']}")


def order(goods: Goods, signed: dict[str, str]) -> int:
    lines = [OrderLine(goods_id=goods.goods_id, quantity=2)]
    quote = orders.quote_order(QuoteOrderRequest(lines=lines), headers=signed)
    request = PlaceOrderRequest(
        # A retry with the same id and contents gets the same order.
        request_id=secrets.token_hex(16),
        lines=quote.lines,
        address=Address(consignee="Ada", mobile="+49 30 1234567", text="1 Harbour Street"),
        shipping_fee_cents=quote.shipping_fee_cents,
        order_amount_cents=quote.order_amount_cents,
    )
    placed = orders.place_order(request, headers=signed).order
    print(f"order {placed.order_id}: {money(placed.pay_amount_cents)} to pay")
    return placed.order_id


def pay(order_id: int, signed: dict[str, str]) -> None:
    """Submits the form of the checkout page, as a shopper does there."""
    request = CreatePaymentRequest(
        order_id=order_id, provider="sandbox", return_url="http://localhost/thanks"
    )
    payment = payments.create_payment(request, headers=signed).payment
    with urlopen(payment.checkout_url, timeout=10) as page:
        html = page.read().decode()
    form = re.search(r'<form method="post" action="([^"]+)"', html)
    target = urlsplit(urljoin(payment.checkout_url, form[1]))
    # Not urlopen, which would follow the redirect to the return URL. That URL does not exist here.
    browser = HTTPConnection(target.netloc, timeout=10)
    browser.request("POST", target.path)
    print(f"payment {payment.payment_id}: sent, the provider answers {browser.getresponse().status}")
    browser.close()


def watch(order_id: int, signed: dict[str, str]) -> None:
    """Each stream begins with the current order, so reopening it misses nothing."""
    for _ in range(3):
        try:
            for update in orders.watch_order(WatchOrderRequest(order_id=order_id), headers=signed):
                state = update.order
                print(f"order {order_id}: {state.order_status.name}, {state.pay_status.name}")
                if state.pay_status == PayStatus.PAID:
                    return
        except ConnectError as error:
            if error.code != Code.UNAVAILABLE:
                raise
    raise RuntimeError("the order was not paid in time")


def show_points(signed: dict[str, str]) -> None:
    """Points are awarded a moment after the payment."""
    for _ in range(50):
        points = users.get_user(GetUserRequest(), headers=signed).user.points
        if points > 0:
            print(f"points: {points}")
            return
        time.sleep(0.1)
    raise RuntimeError("the points were not awarded in time")


def money(amount: int) -> str:
    """Amounts are in the minor unit of the currency, which is not always the hundredth part."""
    places = 0 if CURRENCY in WITHOUT_PLACES else 3 if CURRENCY in THREE_PLACES else 2
    whole, rest = divmod(amount, 10**places)
    return f"{whole}.{rest:0{places}}" if places else str(whole)


if __name__ == "__main__":
    main()
