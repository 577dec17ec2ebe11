import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.MetadataUtils;
import java.io.IOException;
import java.math.BigDecimal;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.Currency;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import jetshop.shop.common.v1.ErrorInfo;
import jetshop.shop.common.v1.Reason;
import jetshop.shop.goods.v1.Availability;
import jetshop.shop.goods.v1.Goods;
import jetshop.shop.goods.v1.GoodsServiceGrpc;
import jetshop.shop.goods.v1.ListGoodsRequest;
import jetshop.shop.order.v1.Address;
import jetshop.shop.order.v1.Order;
import jetshop.shop.order.v1.OrderLine;
import jetshop.shop.order.v1.OrderServiceGrpc;
import jetshop.shop.order.v1.PayStatus;
import jetshop.shop.order.v1.PlaceOrderRequest;
import jetshop.shop.order.v1.QuoteOrderRequest;
import jetshop.shop.order.v1.QuoteOrderResponse;
import jetshop.shop.order.v1.WatchOrderRequest;
import jetshop.shop.pay.v1.CreatePaymentRequest;
import jetshop.shop.pay.v1.PayServiceGrpc;
import jetshop.shop.pay.v1.Payment;
import jetshop.shop.user.v1.GetUserRequest;
import jetshop.shop.user.v1.LoginRequest;
import jetshop.shop.user.v1.RegisterRequest;
import jetshop.shop.user.v1.UserServiceGrpc;

/** A shopper's way through the shop, with gRPC. */
public final class Example {
  private static final Pattern FORM = Pattern.compile("<form method=\"post\" action=\"([^\"]+)\"");

  private final UserServiceGrpc.UserServiceBlockingStub users;
  private final GoodsServiceGrpc.GoodsServiceBlockingStub catalogue;
  private final OrderServiceGrpc.OrderServiceBlockingStub orders;
  private final PayServiceGrpc.PayServiceBlockingStub payments;

  public static void main(String[] arguments) throws Exception {
    String configured = System.getenv("SHOP_URL");
    URI shop = URI.create(configured == null ? "http://127.0.0.1:50050" : configured);
    var builder = ManagedChannelBuilder.forAddress(shop.getHost(), shop.getPort());
    if (shop.getScheme().equals("http")) builder.usePlaintext();
    ManagedChannel channel = builder.build();
    try {
      new Example(signIn(channel)).shop();
    } finally {
      channel.shutdownNow();
    }
  }

  /** Returns the channel with a header that identifies the caller. */
  private static Channel signIn(Channel channel) {
    var users = UserServiceGrpc.newBlockingStub(channel);
    String name = "sdk-java-" + UUID.randomUUID().toString().substring(0, 8);
    String password = UUID.randomUUID().toString();
    var registered =
        users.register(RegisterRequest.newBuilder().setUserName(name).setPassword(password).build());
    var session =
        users.login(LoginRequest.newBuilder().setUserName(name).setPassword(password).build());
    System.out.printf("%s is user %d, and signed in%n", name, registered.getUser().getUserId());
    var headers = new Metadata();
    headers.put(
        Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER),
        "Bearer " + session.getAccessToken());
    return ClientInterceptors.intercept(
        channel, MetadataUtils.newAttachHeadersInterceptor(headers));
  }

  private Example(Channel signed) {
    users = UserServiceGrpc.newBlockingStub(signed);
    catalogue = GoodsServiceGrpc.newBlockingStub(signed);
    orders = OrderServiceGrpc.newBlockingStub(signed);
    payments = PayServiceGrpc.newBlockingStub(signed);
  }

  private void shop() throws Exception {
    Goods goods = choose();
    askForTooMuch(goods);
    long orderId = order(goods);
    pay(orderId);
    watch(orderId);
    showPoints();
  }

  private Goods choose() {
    var list = catalogue.listGoods(ListGoodsRequest.newBuilder().setPageSize(100).build());
    for (Goods goods : list.getGoodsList()) {
      boolean soldOut = goods.getAvailability() == Availability.AVAILABILITY_OUT_OF_STOCK;
      System.out.printf(
          "  %s  %s, %s%n",
          money(goods.getUnitPriceCents()), goods.getName(), soldOut ? "sold out" : "in stock");
    }
    return list.getGoodsList().stream()
        .filter(goods -> goods.getAvailability() == Availability.AVAILABILITY_IN_STOCK)
        .findFirst()
        .orElseThrow();
  }

  /** A refused call says why in a detail of its error, which a program can act on. */
  private void askForTooMuch(Goods goods) {
    long tooMany = 1_000_000;
    try {
      quote(goods, tooMany);
    } catch (StatusRuntimeException error) {
      ErrorInfo info = infoOf(error);
      if (info.getReason() != Reason.REASON_STOCK_NOT_ENOUGH) throw error;
      System.out.printf(
          "%d are refused: STOCK_NOT_ENOUGH, available %s%n",
          tooMany, info.getMetadataOrThrow("available"));
    }
  }

  private static ErrorInfo infoOf(StatusRuntimeException error) {
    for (Any detail : StatusProto.fromThrowable(error).getDetailsList()) {
      try {
        if (detail.is(ErrorInfo.class)) return detail.unpack(ErrorInfo.class);
      } catch (InvalidProtocolBufferException broken) {
        error.addSuppressed(broken);
      }
    }
    throw error;
  }

  private QuoteOrderResponse quote(Goods goods, long quantity) {
    var line = OrderLine.newBuilder().setGoodsId(goods.getGoodsId()).setQuantity(quantity);
    return orders.quoteOrder(QuoteOrderRequest.newBuilder().addLines(line).build());
  }

  private long order(Goods goods) {
    QuoteOrderResponse quote = quote(goods, 2);
    var request =
        PlaceOrderRequest.newBuilder()
            // A retry with the same id and contents gets the same order.
            .setRequestId(UUID.randomUUID().toString())
            .addAllLines(quote.getLinesList())
            .setAddress(
                Address.newBuilder()
                    .setConsignee("Ada")
                    .setMobile("+49 30 1234567")
                    .setText("1 Harbour Street"))
            .setShippingFeeCents(quote.getShippingFeeCents())
            .setOrderAmountCents(quote.getOrderAmountCents())
            .build();
    Order order = orders.placeOrder(request).getOrder();
    System.out.printf(
        "order %d: %s to pay%n", order.getOrderId(), money(order.getPayAmountCents()));
    return order.getOrderId();
  }

  /** Submits the form of the checkout page, as a shopper does there. */
  private void pay(long orderId) throws IOException, InterruptedException {
    var request =
        CreatePaymentRequest.newBuilder()
            .setOrderId(orderId)
            .setProvider("sandbox")
            .setReturnUrl("http://localhost/thanks")
            .build();
    Payment payment = payments.createPayment(request).getPayment();
    URI checkout = URI.create(payment.getCheckoutUrl());
    // It does not follow the redirect to the return URL, which does not exist here.
    HttpClient browser = HttpClient.newHttpClient();
    var page = browser.send(HttpRequest.newBuilder(checkout).build(), BodyHandlers.ofString());
    Matcher form = FORM.matcher(page.body());
    if (!form.find()) throw new IOException("the page has no form to pay: " + checkout);
    var send = HttpRequest.newBuilder(checkout.resolve(form.group(1)));
    var answer =
        browser.send(send.POST(HttpRequest.BodyPublishers.noBody()).build(), BodyHandlers.discarding());
    System.out.printf(
        "payment %d: sent, the provider answers %d%n",
        payment.getPaymentId(), answer.statusCode());
  }

  /** Each stream begins with the current order, so reopening it misses nothing. */
  private void watch(long orderId) {
    var request = WatchOrderRequest.newBuilder().setOrderId(orderId).build();
    for (int attempt = 1; attempt <= 3; attempt += 1) {
      try {
        var updates = orders.watchOrder(request);
        while (updates.hasNext()) {
          Order order = updates.next().getOrder();
          System.out.printf(
              "order %d: %s, %s%n", orderId, order.getOrderStatus(), order.getPayStatus());
          if (order.getPayStatus() == PayStatus.PAY_STATUS_PAID) return;
        }
      } catch (StatusRuntimeException error) {
        if (error.getStatus().getCode() != Status.Code.UNAVAILABLE) throw error;
      }
    }
    throw new IllegalStateException("the order was not paid in time");
  }

  /** Points are awarded a moment after the payment. */
  private void showPoints() throws InterruptedException {
    for (int attempt = 1; attempt <= 50; attempt += 1) {
      long points = users.getUser(GetUserRequest.getDefaultInstance()).getUser().getPoints();
      if (points > 0) {
        System.out.printf("points: %d%n", points);
        return;
      }
      Thread.sleep(100);
    }
    throw new IllegalStateException("the points were not awarded in time");
  }

  /** Amounts are in the minor unit of the currency, which is not always the hundredth part. */
  private static String money(long amount) {
    String configured = System.getenv("SHOP_CURRENCY");
    Currency currency = Currency.getInstance(configured == null ? "EUR" : configured);
    return BigDecimal.valueOf(amount, currency.getDefaultFractionDigits()).toPlainString();
  }
}
