/**
 * The services of the contract. The position of a service gives its default port above
 * SHOP_PORT_BASE and its range of snowflake workers, so a new service goes to the end and none is
 * ever moved.
 */
export const SERVICES = ["goods", "coupon", "user", "order", "pay"] as const;
export type ServiceName = (typeof SERVICES)[number];
