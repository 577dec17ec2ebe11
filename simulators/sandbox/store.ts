import * as base from "../base/store.ts";

export type { Row, Sql, Store } from "../base/store.ts";

const SCHEMA = `
  create table if not exists payments (
    trade_id text primary key,
    merchant_trade_id text not null unique,
    amount_cents integer not null check (amount_cents > 0),
    currency text not null,
    notify_url text not null,
    return_url text not null,
    state text not null check (state in ('open', 'paid', 'closed')),
    create_ms integer not null,
    pay_ms integer,
    close_ms integer,
    refunded_cents integer not null default 0,
    check (refunded_cents between 0 and amount_cents),
    check ((state = 'paid') = (pay_ms is not null))
  ) strict;
  create table if not exists refunds (
    merchant_refund_id text primary key,
    merchant_trade_id text not null,
    amount_cents integer not null check (amount_cents > 0),
    state text not null check (state in ('succeeded', 'failed')),
    cause text,
    refund_ms integer not null
  ) strict;
  create table if not exists pending_refunds (
    merchant_refund_id text primary key,
    merchant_trade_id text not null,
    amount_cents integer not null check (amount_cents > 0)
  ) strict;
  create table if not exists notices (
    notice_id text primary key,
    merchant_trade_id text not null unique,
    notify_url text not null,
    body blob not null,
    state text not null check (state in ('waiting', 'answered', 'given_up')),
    first_ms integer not null,
    next_ms integer not null,
    attempts integer not null default 0,
    last_answer text
  ) strict;
  create index if not exists notices_due on notices (state, next_ms);
  create table if not exists fakes (
    fake_id integer primary key,
    merchant_trade_id text not null,
    kind text not null,
    answer text not null
  ) strict;
`;

/** Opens the file of the sandbox, and creates it if it is missing. */
export function openStore(file: string): base.Store {
  return base.openStore(file, SCHEMA);
}
