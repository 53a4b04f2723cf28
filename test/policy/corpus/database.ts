/** The database the corpus is about. */
export const DATABASE_SQL = `
create schema sales; create schema hr; create schema reports; create schema other; create schema ext;
create table sales.orders (id serial primary key, customer text not null, status text default 'new', note text, total numeric default 0);
create table sales.order_items (order_id int references sales.orders (id), sku text, qty int, constraint items_key primary key (order_id, sku));
create table sales.parts (id int, region text) partition by list (region);
create table sales.parts_eu partition of sales.parts for values in ('eu');
create table hr.parts_secret partition of sales.parts for values in ('secret');
create table sales."Mixed" ("Id" int, "na me" text);
create table hr.employees (id int primary key, name text, department text, salary numeric, manager_id int);
create table hr.salaries (employee_id int primary key references hr.employees (id), amount numeric);
create table hr.vault (id int primary key, secret text);
create view sales.order_totals as select customer, sum(total) as total from sales.orders group by customer;
create view hr.names with (security_invoker = true) as select id, name from hr.employees where salary is not null;
create materialized view sales.order_cache as select id, total from sales.orders;
create view sales.config as select * from pg_settings;
create view sales.config_again as select * from sales.config;
create view hr.names_again with (security_invoker = tru) as select id, name from hr.names;
create table sales.batches (id int primary key, size int);
create table sales.batches_old (id int primary key) inherits (sales.batches);
create table hr.batch_owners (batch int references sales.batches_old (id));
create table other.orders (id int, hidden text);
create table other.notes (id int, body text);
create table public.notes (id int, body text);
create type sales.mood as enum ('ok', 'sad');
create function reports.monthly(n int default 1) returns int language sql as 'select n';
create function reports.secret(n int) returns int language sql as 'select n';
create function reports.forbidden(n int) returns int language sql as 'select n';
create function reports.peek(sales.orders) returns text language sql as 'select $1.note';
create function ext.lower(int) returns int language sql as 'select $1';
create function sales.mood_number(sales.mood) returns int language sql as 'select 1';
create function sales.near(int, int) returns boolean language sql as 'select $1 = $2';
create function reports.rows_of(n int) returns table (a int, b text) language sql as 'select n, ''x''';
create procedure reports.refresh_all() language sql as 'select 1';
create operator sales.<~~> (leftarg = int, rightarg = int, function = sales.near);
create cast (sales.mood as int) with function sales.mood_number(sales.mood);
create domain sales.mood_score as int;
create domain sales.mood_rank as sales.mood_score;
create type sales.label as (text text);
create function sales.to_label(text) returns sales.label language sql as 'select row($1)::sales.label';
create cast (text as sales.label) with function sales.to_label(text);
create sequence sales.free_seq;
create table sales.moods (m sales.mood);
create aggregate reports.total(int) (sfunc = int4pl, stype = int, initcond = '0');
insert into sales.orders (customer) values ('a'), ('b');
insert into hr.employees values (1, 'Ada', 'it', 10, null);
`

/** The policy of the corpus. */
export const POLICY = `
version: 1
scopes:
  orders:read: { select: [sales.orders, sales.order_items] }
  orders:write:
    select: [sales.orders]
    insert: [sales.orders]
    update: ["sales.orders (status, note)"]
    usage: [sales.orders_id_seq]
  orders:delete: { delete: [sales.orders] }
  orders:insert: { insert: [sales.orders] }
  orders:status: { update: ["sales.orders (status)"] }
  orders:truncate: { truncate: [sales.orders] }
  orders:ref: { references: ["sales.orders (id)"] }
  items:write: { select: [sales.order_items], insert: [sales.order_items], update: [sales.order_items], delete: [sales.order_items] }
  items:truncate: { truncate: [sales.order_items] }
  hr:read: { select: ["hr.employees (id, name, department)"] }
  hr:insert: { insert: ["hr.employees (id, name)"] }
  hr:salary: { select: ["hr.employees (salary)"] }
  hr:all: { select: [hr.employees, hr.salaries] }
  names: { select: [hr.names] }
  names:write: { insert: [hr.names, hr.names_again], update: [hr.names, hr.names_again], delete: [hr.names, hr.names_again] }
  batches:truncate: { truncate: [sales.batches] }
  totals: { select: [sales.order_totals] }
  cache: { select: [sales.order_cache], maintain: [sales.order_cache] }
  parts: { select: [sales.parts] }
  mixed: { select: ['sales."Mixed" ("Id")'] }
  other: { select: [other.orders] }
  notes: { select: [public.notes] }
  notes:all: { select: [public.notes, other.notes] }
  sales:all: { select: [sales.*], insert: [sales.*], update: [sales.*], delete: [sales.*], usage: [sales.*] }
  read:all: { select: "*" }
  vault: { select: [hr.vault] }
  reports: { execute: [reports.monthly, reports.rows_of, reports.refresh_all] }
  functions: { execute: "*" }
  lower: { execute: [ext.lower] }
  moods: { select: [sales.moods] }
  seq: { usage: [sales.free_seq] }
  seq:all: { usage: "*" }
  ddl: { create: [sales.*], alter: [sales.*], drop: [sales.*] }
  ddl:hr: { create: [hr.*], alter: [hr.*], drop: [hr.*] }
  ddl:all: { create: "*", alter: "*", drop: "*" }
  code: { code: "*" }
  grant: { grant: "*" }
  files: { server_files: "*" }
  lock: { lock: "*" }
  lock:orders: { lock: [sales.orders] }
  lock:names: { lock: [hr.names_again] }
  maintain: { maintain: [sales.orders] }
  maintain:all: { maintain: "*" }
  set: { set: [work_mem, app.tenant] }
  set:all: { set: "*" }
  channel: { listen: [jobs], notify: [jobs] }
  channels: { listen: "*", notify: "*" }
  admin: all
never:
  select: [hr.vault, hr.parts_secret]
  execute: [reports.forbidden]
metadata: visible
`

/** What each scope is in GRANTs. A scope that is not here has no equivalent. */
export const GRANTS: Readonly<Record<string, string>> = {
  'orders:read': 'grant select on sales.orders, sales.order_items to ROLE',
  'orders:write': `grant select, insert on sales.orders to ROLE; grant update (status, note) on sales.orders to ROLE;
    grant usage, update on sequence sales.orders_id_seq to ROLE`,
  'orders:delete': 'grant delete on sales.orders to ROLE',
  'orders:insert': 'grant insert on sales.orders to ROLE; grant usage on sequence sales.orders_id_seq to ROLE',
  'orders:status': 'grant update (status) on sales.orders to ROLE',
  'orders:truncate': 'grant truncate on sales.orders to ROLE',
  'orders:ref': 'grant references (id) on sales.orders to ROLE',
  'items:write': 'grant select, insert, update, delete on sales.order_items to ROLE',
  'items:truncate': 'grant truncate on sales.order_items to ROLE',
  'hr:read': 'grant select (id, name, department) on hr.employees to ROLE',
  'hr:insert': 'grant insert (id, name) on hr.employees to ROLE',
  'hr:salary': 'grant select (salary) on hr.employees to ROLE',
  'hr:all': 'grant select on hr.employees, hr.salaries to ROLE',
  names: 'grant select on hr.names to ROLE',
  'names:write': 'grant insert, update, delete on hr.names, hr.names_again to ROLE',
  'batches:truncate': 'grant truncate on sales.batches to ROLE',
  totals: 'grant select on sales.order_totals to ROLE',
  cache: 'grant select, maintain on sales.order_cache to ROLE',
  parts: 'grant select on sales.parts to ROLE',
  mixed: 'grant select ("Id") on sales."Mixed" to ROLE',
  other: 'grant select on other.orders to ROLE',
  notes: 'grant select on public.notes to ROLE',
  'notes:all': 'grant select on public.notes, other.notes to ROLE',
  'sales:all': `grant select, insert, update, delete on all tables in schema sales to ROLE;
    grant usage, update on all sequences in schema sales to ROLE`,
  'read:all': 'grant select on all tables in schema sales, hr, other, public, reports to ROLE',
  vault: 'grant select on hr.vault to ROLE',
  reports:
    'grant execute on all functions in schema reports to ROLE; revoke execute on function reports.secret from ROLE; grant execute on procedure reports.refresh_all to ROLE',
  functions: 'grant execute on all routines in schema reports, ext, sales to ROLE',
  lower: 'grant execute on function ext.lower to ROLE',
  moods: 'grant select on sales.moods to ROLE',
  seq: 'grant usage, update on sequence sales.free_seq to ROLE',
  'seq:all': 'grant usage, update on all sequences in schema sales to ROLE',
  maintain: 'grant maintain on sales.orders to ROLE',
  'maintain:all': 'grant maintain on all tables in schema sales, hr to ROLE',
}

/** Rights everyone has in the database so that only what scopes speak of is judged. */
export const COMMON_GRANTS = `
grant usage on schema sales, hr, reports, other, ext to public;
revoke execute on all routines in schema reports, ext, sales from public;
`
