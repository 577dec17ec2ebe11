/** The tables of the ledger that all faces share. Amounts are minor units of the currency. */
export const SCHEMA = `
  create table if not exists settings (
    name text primary key,
    value text not null
  ) strict;
  create table if not exists trades (
    face text not null,
    number text not null,
    token text not null unique,
    provider_id text unique,
    amount integer not null check (amount > 0),
    currency text not null,
    coupon integer not null default 0 check (coupon >= 0 and coupon < amount),
    state text not null
      check (state in ('created', 'open', 'processing', 'paid', 'closed', 'failed', 'finished')),
    refunded integer not null default 0,
    create_ms integer not null,
    expire_ms integer not null,
    method text not null default '',
    settle_ms integer,
    pay_ms integer,
    close_ms integer,
    notify_url text not null,
    return_url text not null,
    fields text not null,
    primary key (face, number),
    check (refunded between 0 and amount)
  ) strict;
  create index if not exists trades_expiry on trades (face, state, expire_ms);
  create index if not exists trades_due on trades (face, settle_ms);
  create table if not exists refunds (
    face text not null,
    number text not null,
    trade text not null,
    provider_id text not null unique,
    amount integer not null check (amount > 0),
    state text not null
      check (state in ('pending', 'succeeded', 'failed', 'closed', 'abnormal')),
    origin text not null check (origin in ('api', 'console')),
    outcome text not null,
    create_ms integer not null,
    settle_ms integer,
    success_ms integer,
    notify_url text not null,
    fields text not null,
    primary key (face, number)
  ) strict;
  create index if not exists refunds_due on refunds (face, settle_ms);
  create index if not exists refunds_trade on refunds (face, trade);
  create table if not exists movements (
    seq integer primary key,
    id text not null unique,
    face text not null,
    type text not null,
    trade text not null,
    source text not null,
    amount integer not null,
    fee integer not null,
    currency text not null,
    at_ms integer not null
  ) strict;
  create index if not exists movements_time on movements (face, at_ms);
  create table if not exists notices (
    id text primary key,
    face text not null,
    trade text not null,
    refund text not null,
    type text not null,
    url text not null,
    content text not null,
    state text not null check (state in ('waiting', 'answered', 'given_up', 'unsent')),
    attempts integer not null default 0,
    first_ms integer not null,
    next_ms integer not null,
    last_answer text
  ) strict;
  create index if not exists notices_due on notices (face, state, next_ms);
  create index if not exists notices_trade on notices (face, trade);
  create table if not exists disputes (
    id text primary key,
    face text not null,
    trade text not null,
    amount integer not null,
    state text not null,
    create_ms integer not null
  ) strict;
  create table if not exists answers (
    face text not null,
    key text not null,
    request text not null,
    status integer not null,
    body text not null,
    create_ms integer not null,
    primary key (face, key)
  ) strict;
`;
