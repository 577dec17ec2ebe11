// A judge for the simulator of WeChat Pay: WeChat Pay's own Go SDK calls it and verifies its
// notices. Reads commands as lines of JSON on standard input, and answers each with a line:
// {"ok": the answer}, or {"error": the SDK's error}.
package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"

	"github.com/wechatpay-apiv3/wechatpay-go/core"
	"github.com/wechatpay-apiv3/wechatpay-go/core/auth/verifiers"
	"github.com/wechatpay-apiv3/wechatpay-go/core/notify"
	"github.com/wechatpay-apiv3/wechatpay-go/core/option"
	"github.com/wechatpay-apiv3/wechatpay-go/services/payments/native"
	"github.com/wechatpay-apiv3/wechatpay-go/services/refunddomestic"
	"github.com/wechatpay-apiv3/wechatpay-go/utils"
)

type account struct {
	URL, Mchid, MerchantSerial, MerchantPrivateKey, ApiV3Key, PublicKeyId string
	CertificateSerial                                                     string
	PlatformKeys                                                          map[string]string
}

type command struct {
	Name, Number string
	Body         json.RawMessage
	Headers      map[string]string
	Bytes        []byte
}

// elsewhere sends the SDK's requests, which have a fixed host, to the simulator.
type elsewhere struct{ base *url.URL }

func (e elsewhere) RoundTrip(request *http.Request) (*http.Response, error) {
	request.URL.Scheme, request.URL.Host = e.base.Scheme, e.base.Host
	return http.DefaultTransport.RoundTrip(request)
}

type judge struct {
	account account
	client  *core.Client
	handler *notify.Handler
}

func main() {
	var a account
	must(json.NewDecoder(must1(os.Open(os.Args[1]))).Decode(&a))
	key := must1(utils.LoadPrivateKey(a.MerchantPrivateKey))
	public := must1(utils.LoadPublicKey(a.PlatformKeys[a.PublicKeyId]))
	certificate := must1(utils.LoadCertificate(a.PlatformKeys[a.CertificateSerial]))
	client := must1(core.NewClient(context.Background(),
		option.WithWechatPayPublicKeyAuthCipher(a.Mchid, a.MerchantSerial, key, a.PublicKeyId, public),
		option.WithHTTPClient(&http.Client{Transport: elsewhere{must1(url.Parse(a.URL))}})))
	j := judge{a, client, handler(a, *public, certificate)}
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var c command
		must(json.Unmarshal(lines.Bytes(), &c))
		answer := map[string]any{}
		if ok, err := j.do(c); err != nil {
			answer["error"] = err.Error()
		} else {
			answer["ok"] = ok
		}
		fmt.Println(string(must1(json.Marshal(answer))))
	}
}

// handler accepts notices that are signed by the public key or by the certificate.
func handler(a account, public rsa.PublicKey, certificate *x509.Certificate) *notify.Handler {
	certificates := core.NewCertificateMapWithList([]*x509.Certificate{certificate})
	verifier := verifiers.NewSHA256WithRSACombinedVerifier(certificates, a.PublicKeyId, public)
	return must1(notify.NewRSANotifyHandler(a.ApiV3Key, verifier))
}

func (j judge) do(c command) (any, error) {
	ctx := context.Background()
	orders, refunds := native.NativeApiService{Client: j.client}, refunddomestic.RefundsApiService{Client: j.client}
	switch c.Name {
	case "open":
		var body native.PrepayRequest
		must(json.Unmarshal(c.Body, &body))
		answer, _, err := orders.Prepay(ctx, body)
		return answer, err
	case "query":
		answer, _, err := orders.QueryOrderByOutTradeNo(ctx, native.QueryOrderByOutTradeNoRequest{
			OutTradeNo: &c.Number, Mchid: &j.account.Mchid})
		return answer, err
	case "close":
		_, err := orders.CloseOrder(ctx, native.CloseOrderRequest{OutTradeNo: &c.Number, Mchid: &j.account.Mchid})
		return "closed", err
	case "refund":
		var body refunddomestic.CreateRequest
		must(json.Unmarshal(c.Body, &body))
		answer, _, err := refunds.Create(ctx, body)
		return answer, err
	case "query-refund":
		answer, _, err := refunds.QueryByOutRefundNo(ctx, refunddomestic.QueryByOutRefundNoRequest{OutRefundNo: &c.Number})
		return answer, err
	case "bill":
		result, err := j.client.Get(ctx, "https://api.mch.weixin.qq.com/v3/bill/tradebill?bill_date="+c.Number)
		if err != nil {
			return nil, err
		}
		return json.RawMessage(must1(io.ReadAll(result.Response.Body))), nil
	}
	request := must1(http.NewRequest("POST", "http://shop/", bytes.NewReader(c.Bytes)))
	for name, value := range c.Headers {
		request.Header.Set(name, value)
	}
	var content map[string]any
	_, err := j.handler.ParseNotifyRequest(ctx, request, &content)
	return content, err
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func must1[T any](value T, err error) T {
	must(err)
	return value
}
