import { type DescField, type DescMessage, type DescMethod, getOption } from "@bufbuild/protobuf";
import type { ServiceName } from "#proto/services.ts";
import { type Access, access } from "#proto/shop/common/v1/access_pb.ts";
import { InboxService } from "#proto/shop/common/v1/inbox_pb.ts";
import { CouponService } from "#proto/shop/coupon/v1/coupon_pb.ts";
import { GoodsService } from "#proto/shop/goods/v1/goods_pb.ts";
import { OrderService } from "#proto/shop/order/v1/order_pb.ts";
import { PayService } from "#proto/shop/pay/v1/pay_pb.ts";
import { UserService } from "#proto/shop/user/v1/user_pb.ts";

/** The gRPC services of each process. */
export const SERVED = {
  goods: [GoodsService, InboxService],
  coupon: [CouponService, InboxService],
  user: [UserService, InboxService],
  order: [OrderService, InboxService],
  pay: [PayService, InboxService],
} as const;

export type Method = {
  service: ServiceName;
  /** Such as "goods CreateGoods"; used in titles and tables. */
  name: string;
  /** "/shop.goods.v1.GoodsService/CreateGoods" */
  path: string;
  desc: DescMethod;
  access: Access;
};

/** Every method of the shop, once for each process that serves it. */
export const METHODS: readonly Method[] = Object.entries(SERVED).flatMap(([service, descs]) =>
  descs.flatMap((desc) =>
    desc.methods.map((method: DescMethod) => ({
      service: service as ServiceName,
      name: `${service} ${method.name}`,
      path: `/${desc.typeName}/${method.name}`,
      desc: method,
      access: getOption(method, access),
    })),
  ),
);

/** Finds a method by its name, such as "goods CreateGoods". */
export function methodNamed(name: string): Method {
  const found = METHODS.find((method) => method.name === name);
  if (!found) throw new Error(`the contract has no method ${name}`);
  return found;
}

/** A field of a request, nested or not: the fields on the way to it, itself last. */
export type FieldPath = { path: string; fields: DescField[] };

const MAX_DEPTH = 8;

/**
 * All fields of a message and of its nested messages: "lines", "lines[].quantity",
 * "valid_from.seconds".
 */
export function fieldsOf(message: DescMessage, above?: FieldPath): FieldPath[] {
  if ((above?.fields.length ?? 0) > MAX_DEPTH) throw new Error(`${message} contains itself`);
  return message.fields.flatMap((field) => {
    const path = above ? `${above.path}${separatorOf(above)}${field.name}` : field.name;
    const here = { path, fields: [...(above?.fields ?? []), field] };
    return field.message ? [here, ...fieldsOf(field.message, here)] : [here];
  });
}

function separatorOf(above: FieldPath): string {
  const last = above.fields.at(-1);
  return last?.fieldKind === "list" ? "[]." : ".";
}

type Plain = Record<string, unknown>;

/**
 * A copy of the request with another value in one field. A field of a list is changed in the first
 * entry.
 */
export function withField(request: Plain, { fields }: FieldPath, value: unknown): Plain {
  const copy = structuredClone(request);
  let target = copy;
  for (const field of fields.slice(0, -1)) target = inside(target, field);
  const last = fields.at(-1) as DescField;
  if (last.oneof) target[last.oneof.localName] = { case: last.localName, value };
  else target[last.localName] = value;
  return copy;
}

/** The value of a field in the request. */
export function valueAt(request: Plain, { fields }: FieldPath): unknown {
  let target = request;
  for (const field of fields.slice(0, -1)) target = inside(target, field);
  return target[fields.at(-1)?.localName ?? ""];
}

function inside(target: Plain, field: DescField): Plain {
  const value = target[field.localName];
  const message = Array.isArray(value) ? value[0] : value;
  if (message === undefined)
    throw new Error(`the valid request has no ${field}; add one to valid-requests.ts`);
  return message as Plain;
}
