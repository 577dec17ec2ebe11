// A shopper's way through the shop, with connect-go.
package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"time"

	"connectrpc.com/connect"

	commonv1 "jetshop.example/sdk/gen/shop/common/v1"
	goodsv1 "jetshop.example/sdk/gen/shop/goods/v1"
	"jetshop.example/sdk/gen/shop/goods/v1/goodsv1connect"
	orderv1 "jetshop.example/sdk/gen/shop/order/v1"
	"jetshop.example/sdk/gen/shop/order/v1/orderv1connect"
	payv1 "jetshop.example/sdk/gen/shop/pay/v1"
	"jetshop.example/sdk/gen/shop/pay/v1/payv1connect"
	userv1 "jetshop.example/sdk/gen/shop/user/v1"
	"jetshop.example/sdk/gen/shop/user/v1/userv1connect"
)

// shop has a client of each service. All of them call the gateway.
type shop struct {
	users     userv1connect.UserServiceClient
	catalogue goodsv1connect.GoodsServiceClient
	orders    orderv1connect.OrderServiceClient
	payments  payv1connect.PayServiceClient
}

// signed sends the access token with every request after the login.
type signed struct{ accessToken string }

func (s *signed) Do(request *http.Request) (*http.Response, error) {
	if s.accessToken != "" {
		request.Header.Set("Authorization", "Bearer "+s.accessToken)
	}
	return http.DefaultClient.Do(request)
}

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := story(ctx); err != nil {
		log.Fatal(err)
	}
}

func story(ctx context.Context) error {
	address := os.Getenv("SHOP_URL")
	if address == "" {
		address = "http://127.0.0.1:50050"
	}
	caller := &signed{}
	s := &shop{
		users:     userv1connect.NewUserServiceClient(caller, address),
		catalogue: goodsv1connect.NewGoodsServiceClient(caller, address),
		orders:    orderv1connect.NewOrderServiceClient(caller, address),
		payments:  payv1connect.NewPayServiceClient(caller, address),
	}
	var err error
	if caller.accessToken, err = s.signIn(ctx); err != nil {
		return err
	}
	goods, err := s.choose(ctx)
	if err != nil {
		return err
	}
	if err := s.askForTooMuch(ctx, goods); err != nil {
		return err
	}
	orderID, err := s.order(ctx, goods)
	if err != nil {
		return err
	}
	if err := s.pay(ctx, orderID); err != nil {
		return err
	}
	if err := s.watch(ctx, orderID); err != nil {
		return err
	}
	return s.showPoints(ctx)
}

func (s *shop) signIn(ctx context.Context) (accessToken string, err error) {
	name, password := "sdk-go-"+rand.Text()[:8], rand.Text()
	registered, err := s.users.Register(ctx, &userv1.RegisterRequest{UserName: name, Password: password})
	if err != nil {
		return "", err
	}
	session, err := s.users.Login(ctx, &userv1.LoginRequest{UserName: name, Password: password})
	if err != nil {
		return "", err
	}
	fmt.Printf("%s is user %d, and signed in\n", name, registered.User.UserId)
	return session.AccessToken, nil
}

func (s *shop) choose(ctx context.Context) (*goodsv1.Goods, error) {
	list, err := s.catalogue.ListGoods(ctx, &goodsv1.ListGoodsRequest{PageSize: 100})
	if err != nil {
		return nil, err
	}
	var chosen *goodsv1.Goods
	for _, goods := range list.Goods {
		stock := "in stock"
		if goods.Availability == goodsv1.Availability_AVAILABILITY_OUT_OF_STOCK {
			stock = "sold out"
		}
		fmt.Printf("  %s  %s, %s\n", money(goods.UnitPriceCents), goods.Name, stock)
		if chosen == nil && goods.Availability == goodsv1.Availability_AVAILABILITY_IN_STOCK {
			chosen = goods
		}
	}
	if chosen == nil {
		return nil, errors.New("the shop is sold out")
	}
	return chosen, nil
}

// askForTooMuch is refused. The call says why in a detail of its error, which a program can act on.
func (s *shop) askForTooMuch(ctx context.Context, goods *goodsv1.Goods) error {
	const tooMany = 1_000_000
	lines := []*orderv1.OrderLine{{GoodsId: goods.GoodsId, Quantity: tooMany}}
	_, err := s.orders.QuoteOrder(ctx, &orderv1.QuoteOrderRequest{Lines: lines})
	info := infoOf(err)
	if info.GetReason() != commonv1.Reason_REASON_STOCK_NOT_ENOUGH {
		return fmt.Errorf("expected STOCK_NOT_ENOUGH: %w", err)
	}
	fmt.Printf("%d are refused: STOCK_NOT_ENOUGH, available %s\n", tooMany, info.Metadata["available"])
	return nil
}

func infoOf(err error) *commonv1.ErrorInfo {
	var refused *connect.Error
	if !errors.As(err, &refused) {
		return nil
	}
	for _, detail := range refused.Details() {
		if value, err := detail.Value(); err == nil {
			if info, ok := value.(*commonv1.ErrorInfo); ok {
				return info
			}
		}
	}
	return nil
}

func (s *shop) order(ctx context.Context, goods *goodsv1.Goods) (orderID int64, err error) {
	lines := []*orderv1.OrderLine{{GoodsId: goods.GoodsId, Quantity: 2}}
	quote, err := s.orders.QuoteOrder(ctx, &orderv1.QuoteOrderRequest{Lines: lines})
	if err != nil {
		return 0, err
	}
	placed, err := s.orders.PlaceOrder(ctx, &orderv1.PlaceOrderRequest{
		// A retry with the same id and contents gets the same order.
		RequestId:        rand.Text(),
		Lines:            quote.Lines,
		Address:          &orderv1.Address{Consignee: "Ada", Mobile: "+49 30 1234567", Text: "1 Harbour Street"},
		ShippingFeeCents: quote.ShippingFeeCents,
		OrderAmountCents: quote.OrderAmountCents,
	})
	if err != nil {
		return 0, err
	}
	fmt.Printf("order %d: %s to pay\n", placed.Order.OrderId, money(placed.Order.PayAmountCents))
	return placed.Order.OrderId, nil
}

var form = regexp.MustCompile(`<form method="post" action="([^"]+)"`)

// pay submits the form of the checkout page, as a shopper does there.
func (s *shop) pay(ctx context.Context, orderID int64) error {
	created, err := s.payments.CreatePayment(ctx, &payv1.CreatePaymentRequest{
		OrderId: orderID, Provider: "sandbox", ReturnUrl: "http://localhost/thanks",
	})
	if err != nil {
		return err
	}
	page, err := http.Get(created.Payment.CheckoutUrl)
	if err != nil {
		return err
	}
	defer page.Body.Close()
	html, err := io.ReadAll(io.LimitReader(page.Body, 1<<20))
	if err != nil {
		return err
	}
	action := form.FindSubmatch(html)
	if action == nil {
		return errors.New("the page has no form to pay: " + created.Payment.CheckoutUrl)
	}
	target, err := page.Request.URL.Parse(string(action[1]))
	if err != nil {
		return err
	}
	// The answer redirects to the return URL, which does not exist here.
	browser := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := browser.PostForm(target.String(), url.Values{})
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	fmt.Printf("payment %d: sent, the provider answers %d\n", created.Payment.PaymentId, answer.StatusCode)
	return nil
}

// watch reopens the stream if it breaks. Each stream begins with the current order, so it misses
// nothing.
func (s *shop) watch(ctx context.Context, orderID int64) error {
	for range 3 {
		stream, err := s.orders.WatchOrder(ctx, &orderv1.WatchOrderRequest{OrderId: orderID})
		if err != nil {
			return err
		}
		defer stream.Close()
		for stream.Receive() {
			order := stream.Msg().Order
			fmt.Printf("order %d: %s, %s\n", orderID, order.OrderStatus, order.PayStatus)
			if order.PayStatus == orderv1.PayStatus_PAY_STATUS_PAID {
				return nil
			}
		}
		if err := stream.Err(); err != nil && connect.CodeOf(err) != connect.CodeUnavailable {
			return err
		}
	}
	return errors.New("the order was not paid in time")
}

// showPoints waits for the points, which are awarded a moment after the payment.
func (s *shop) showPoints(ctx context.Context) error {
	for range 50 {
		found, err := s.users.GetUser(ctx, &userv1.GetUserRequest{})
		if err != nil {
			return err
		}
		if found.User.Points > 0 {
			fmt.Printf("points: %d\n", found.User.Points)
			return nil
		}
		time.Sleep(100 * time.Millisecond)
	}
	return errors.New("the points were not awarded in time")
}

// Currencies of ISO 4217 whose minor unit is not the hundredth part.
const (
	withoutPlaces = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
	threePlaces   = "BHD IQD JOD KWD LYD OMR TND"
)

// money formats an amount of minor units, which are not hundredths in every currency.
func money(amount int64) string {
	currency := os.Getenv("SHOP_CURRENCY")
	switch {
	case currency == "":
	case strings.Contains(withoutPlaces, currency):
		return fmt.Sprint(amount)
	case strings.Contains(threePlaces, currency):
		return fmt.Sprintf("%d.%03d", amount/1000, amount%1000)
	}
	return fmt.Sprintf("%d.%02d", amount/100, amount%100)
}
