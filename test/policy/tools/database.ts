/** The database that the recorded queries are about, and the role that asks. */
export const TOOLS_SQL = `
create role analyst nologin; grant analyst to pgoauth_proxy;
create schema sales; create schema hr; create schema reports;
create type sales.status as enum ('new', 'paid', 'sent');
create table sales.customers (id serial primary key, name text not null, email text unique);
create table sales.orders (
  id serial primary key, customer_id int references sales.customers (id), customer text not null,
  status sales.status default 'new', note text, total numeric(12,2) default 0 check (total >= 0), tags text[], doc jsonb,
  created_at timestamptz not null default now());
create index orders_created on sales.orders (created_at desc);
create index orders_doc on sales.orders using gin (doc);
create table sales.order_items (
  order_id int references sales.orders (id) on delete cascade, sku varchar(40), qty int not null default 1, price numeric,
  primary key (order_id, sku));
create table sales.parts (id int, region text) partition by list (region);
create table sales.parts_eu partition of sales.parts for values in ('eu');
create view sales.order_totals as select customer, sum(total) as total from sales.orders group by customer;
create materialized view sales.order_cache as select id, total from sales.orders;
create sequence sales.free_seq;
create domain sales.email as text check (value like '%@%');
create table hr.employees (id int primary key, name text, salary numeric);
create function reports.monthly(n int default 1) returns int language sql as 'select n';
create function sales.touch() returns trigger language plpgsql as 'begin return new; end';
create trigger orders_touch before update on sales.orders for each row execute function sales.touch();
comment on table sales.orders is 'What customers order';
comment on column sales.orders.note is 'free text';
alter table hr.employees enable row level security;
create policy own on hr.employees using (name = current_user);
insert into sales.customers (name) values ('a'), ('b');
insert into sales.orders (customer_id, customer, total) values (1, 'a', 10), (2, 'b', 20);
insert into sales.order_items values (1, 'x', 2, 5), (2, 'y', 4, 5);
insert into hr.employees values (1, 'Ada', 10);
grant usage on schema sales, hr, reports to analyst;
grant select on sales.orders, sales.order_items to analyst;
analyze;
`

/** Read scopes on two tables, as the tests of tools have them; and what pg_dump needs beside. */
export const TOOLS_POLICY = `version: 1
roles:
  - role: analyst
    when: { sub: ada }
scopes:
  orders:read: { select: [sales.orders, sales.order_items] }
  orders:dump: { select: [pg_catalog.pg_subscription], lock: [sales.orders, sales.order_items], usage: "*" }
`
