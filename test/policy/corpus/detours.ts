import { allow, type Case, deny, pgAllows, pgMute } from './corpus.ts'

const OWNER = pgMute('PostgreSQL asks for ownership, which no GRANT gives')
const ROLE = pgMute('by membership of the login')
const SEVERAL = pgMute('one statement at a time')

/** Ways around a rule that were found open once, and their like. */
export const DETOURS: readonly Case[] = [
  // The name of a setting that only shows when the statement runs.
  ...[
    "select set_config(lower('ROLE'), 'postgres', false)",
    "select set_config(chr(114) || 'ole', 'postgres', false)",
    "select set_config('rolex'::varchar(4), 'postgres', false)",
    "select set_config('role '::char(5), 'postgres', false)",
    "select set_config('role'::name, 'postgres', false)",
    "select set_config(x, 'postgres', false) from (values (chr(114) || 'ole')) v(x)",
    "select pg_catalog.set_config(setting_name, 'postgres', false) from (select 'role') n(setting_name)",
    "select set_config((select 'ro' || lower('LE')), 'postgres', false)",
    "select set_config(name, 'x', false) from pg_settings",
    "select set_config(name, 'x', false) from pg_settings where name like 'rol%'",
    "select set_config(name, 'x', false) from pg_settings where name = 'work_mem' or true",
    "select set_config(name, 'x', false) from (select 'role' as name) pg_settings where name = 'work_mem'",
    "select (select set_config(name, 'x', false) from (select 'role' as name) n) from pg_settings where name = 'work_mem'",
    "select (select set_config(o.name, 'x', false) from pg_settings where name = 'work_mem') from (select 'role' as name) o",
    "select (select set_config(name, 'x', false) from pg_settings s where o.name = 'work_mem') from (select 'role' as name) o",
    "select 1 from pg_settings where name = 'work_mem' and set_config(name, 'x', false) is null",
    "create table sales.x (id text default set_config(lower('ROLE'), 'postgres', false))",
    "create view sales.x as select set_config(lower('ROLE'), 'postgres', false)",
    "create index on sales.orders (set_config(note, 'postgres', false))",
    "prepare p as select set_config(lower('ROLE'), 'postgres', false)",
    "prepare p as select set_config($1, 'postgres', false)",
    "declare c cursor for select set_config(lower('ROLE'), 'postgres', false)",
  ].flatMap((sql) => [
    deny('set:all ddl', sql, 'a computed name may be one that nothing may set', ROLE),
    deny('admin', sql, 'not even with all', ROLE),
  ]),
  deny('admin', 'select set_config($1, $2, false)', 'a name that comes as a parameter is computed', pgMute('42704')),
  allow(
    'set:all',
    "select set_config(s.name, 'view', false) from pg_catalog.pg_settings s where s.name = 'restrict_nonsystem_relation_kind' and true",
    'the condition holds the name to one text',
  ),
  deny(
    'set',
    "select set_config(name, '1', false) from pg_settings where name = 'vacuum_cost_limit'",
    'the setting that the condition names',
    pgAllows('PostgreSQL lets everyone'),
  ),
  deny(
    'set:all',
    "select set_config(name, 'SJIS', false) from pg_settings where name = 'client_encoding'",
    'the condition names a setting that keeps One reading',
    ROLE,
  ),
  // Definitions that are a right as a whole, with a setting in them.
  ...[
    "create policy p on sales.orders using (set_config('role', 'postgres', false) is null)",
    "create policy p on sales.orders using (set_config(lower('ROLE'), 'postgres', false) is null)",
    "create rule r as on insert to sales.orders do also select set_config('role', 'postgres', false)",
    "create rule r as on insert to sales.orders do instead update pg_settings set setting = 'postgres' where name = 'role'",
    "create trigger t before insert on sales.orders for each row when (set_config('role', 'postgres', false) is null) execute function x()",
    "create function sales.f() returns text return set_config('role', 'postgres', false)",
    "create function sales.f() returns text begin atomic select set_config('pgoauth.context', 'x', false); end",
    'create aggregate sales.a (text, boolean) (sfunc = set_config, stype = text)',
    'create function sales.f() returns int language sql set role from current as $$select 1$$',
    'create function sales.f() returns int language sql set session_authorization = x as $$select 1$$',
    'alter role x set "ROLE" = postgres',
    'alter database app set pgoauth.context = x',
    'alter role all set standard_conforming_strings = off',
    "alter system set backslash_quote = 'on'",
  ].map((sql) => deny('admin', sql, 'never, wherever it stands', OWNER)),
  allow(
    'grant',
    "create policy p on sales.orders using (set_config('work_mem', '1MB', true) is not null)",
    'a setting that a rule may give',
    OWNER,
  ),
  ...[
    'set "role" = postgres',
    'set U&"\\0072ole" to postgres',
    'set local "Session_Authorization" to postgres',
    "set session role 'postgres'",
    'set pgoauth."context" = x',
    "set standard_conforming_strings to 'of'",
    "set names 'SQL_ASCII'",
    "update pg_catalog.pg_settings set setting = 'postgres' where name = 'role'",
    "update sales.config_again set setting = 'postgres' where name = 'role'",
    "merge into sales.config_again c using (select 1) s on c.name = 'role' when matched then update set setting = 'postgres'",
    "with u as (update pg_settings set setting = 'postgres' where name = 'role' returning 1) select * from u",
  ].map((sql) => deny('admin', sql, 'never, in any spelling', ROLE)),
  deny(
    'sales:all',
    "update sales.config_again set setting = '64kB' where name = 'work_mem'",
    'a view over a view over pg_settings is pg_settings',
    pgAllows('the view is updatable'),
  ),
  allow('set', 'set sort_mem = 100', "an old name is the new one's"),
  deny('channel', 'set sort_mem = 100', "an old name is the new one's", pgAllows('PostgreSQL lets everyone')),
  allow('orders:read', "set time zone interval '1' hour to minute", 'a free setting'),

  // A column that is no longer there leaves its name to a table further out.
  ...[
    'create temp table t (salary int, x int); alter table t drop column salary; select (select salary from t) from hr.employees',
    'create temp table t (salary int); alter table t rename salary to x; select (select salary from t) from hr.employees',
    'create temp table t (x int); create temp table if not exists t (salary int); select (select salary from t) from hr.employees',
    'create temp table t (salary int); rollback; select (select salary from pg_temp.t) from hr.employees',
    'create temp table t as select 1 as salary; select (select q.salary from (select salary from (select * from t) r) q) from hr.employees',
  ].map((sql) => deny('hr:read', sql, 'of a temp table no column is certain', SEVERAL)),
  allow(
    'hr:read',
    'create temp table t (x int); insert into t values (1); select x, t.x, id, name from t join hr.employees on id = t.x',
    'of a known table no other column is meant',
    SEVERAL,
  ),
  ...[
    'begin; alter table sales.orders drop column total; select (select total from sales.orders) from hr.employees as e(id, name, department, total)',
    'alter table sales.orders rename total to x; select (select total from sales.orders) from hr.employees as e(id, name, department, total)',
    'drop table sales.batches; create table sales.batches (x int); select (select size from sales.batches) from hr.employees as e(id, name, department, size)',
    'alter table sales.batches drop column size; select (select size from sales.batches_old) from hr.employees as e(id, name, department, size)',
  ].map((sql) => deny('ddl hr:read sales:all', sql, 'of a table that the text changed no column is certain', SEVERAL)),
  deny(
    'ddl hr:read',
    'alter table sales.orders rename to employees; select id from employees',
    'a name given by the text counts',
    SEVERAL,
  ),

  // What hangs on what is named.
  deny('batches:truncate', 'truncate sales.batches cascade', "a foreign key to a child's key is reached"),
  allow('batches:truncate', 'truncate only sales.batches cascade', 'the child stays'),
  deny('names:write', "insert into hr.names_again values (9, 'x')", 'through two views to the table'),
  deny('names:write', 'delete from hr.names_again', 'through two views to the table'),
  deny('admin', 'drop table sales.parts', 'a partition that falls with it is under never', OWNER),
  allow('parts', 'select * from sales.parts', "never names what is named: the partition is its parent's here"),
  // Casts: of a domain those of its base, of a literal none, of a built-in value those from its type.
  deny('moods', 'select m::sales.mood_score from sales.moods', 'a domain is cast as its base'),
  deny('moods', 'select m::sales.mood_rank from sales.moods', 'a domain over a domain is cast as its base'),
  deny('orders:read', 'select note::sales.label from sales.orders', 'a cast from text with a function of its own'),
  deny(
    'orders:read',
    'select lower(note)::sales.label from sales.orders',
    'a cast with a function of its own',
    pgMute('lower is also in ext'),
  ),
  allow('functions orders:read', 'select note::sales.label from sales.orders', 'its function is given'),
  allow('orders:read', "select '(x)'::sales.label, null::sales.label", 'a literal takes its type without a cast'),
  allow(
    'orders:read',
    'select total::sales.mood_score, $1::int from sales.orders',
    'no value of the type that is cast',
  ),
  deny(
    'orders:read',
    'prepare p (sales.mood) as select $1::int',
    'the parameter is of the type that is cast',
    pgAllows('PostgreSQL judges when it runs'),
  ),
  allow('orders:read', "select json_value('1', '$' returning int)", 'JSON is of pg_catalog'),

  // A literal that a cast makes another.
  deny(
    'hr:read',
    "select query_to_xml('select salary from hr.employees where true'::varchar(31), true, true, '')",
    'the cast cuts the query',
  ),
  deny(
    'hr:read',
    "select query_to_xml('select name from hr.employees'::name, true, true, '')",
    'name cuts at 63 bytes',
    pgAllows('PostgreSQL judges it when it runs'),
  ),
  deny(
    'seq',
    "select nextval('sales.free_seq'::varchar(20))",
    'the cast may cut the name',
    pgAllows('PostgreSQL judges it when it runs'),
  ),
  deny(
    'admin',
    "select query_to_xml('select secret from hr.' || 'vault', true, true, '')",
    'computed SQL may read what is under never',
    pgMute('all has no equivalent'),
  ),
  deny(
    'admin',
    'select * from ts_stat($1)',
    'computed SQL may read what is under never',
    pgMute('all has no equivalent'),
  ),
]
