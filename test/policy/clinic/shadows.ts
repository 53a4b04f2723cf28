import { allow, type Case, deny } from '../corpus/corpus.ts'

/** Outer columns, the sixth of which (ssn) has this name. */
const outer = (name: string) => `from app.employees e(a1, a2, a3, a4, a5, ${name})`

/**
 * A name that is found in an inner query is not looked for outside: whoever takes a name for a column of the inner one
 * that it has not, misses the read of the outer.
 */
export const SHADOWS: readonly Case[] = [
  // Names that PostgreSQL makes up.
  ...(
    [
      ['"?column?"', '(values (1))'],
      ['"?column?"', '(values (1) limit 1)'],
      ['"?column?"', '((values (1)))::text'],
      ['"?column?"', '(values (1) union select 2 as w order by 1 limit 1)'],
      ['"?column?"', '(select (values (1)))'],
      ['"?column?"', 'case when true then 1 else (values (1)) end'],
      ['"?column?"', '(select * from (select 1 as zz) s2)'],
      ['"?column?"', '(with c as (select 1 as cc) select * from c)'],
      ['"?column?"', '(table app."täble" limit 1)'],
      ['s2', '(select s2.* from (select 1 as zz) s2)'],
      ['s2', '((select s2.* from (select 1 as zz) s2))::text'],
      ['z', '(select (select z.* from (select 1 as inner1) z))'],
      ['c', '(with c(dd) as (select 1 as cc) select c.* from c)'],
      ['int4', 'upper($$a$$)::int4::text'],
      ['upper', '1::int4'],
      ['q', 'coalesce((select 1 as q), 2)'],
      ['e', 'array(select 1 as e)'],
    ] as const
  ).map(([name, value]) =>
    deny(
      'emp odd',
      `select (select ${name} from (select ${value}) q1) ${outer(name)}`,
      `${value} gives no column ${name}`,
    ),
  ),
  ...(
    [
      ['column1', '(values (1))'],
      ['"?column?"', '(select 1)::bigint'],
      ['upper', "upper('a')::text"],
      ['int4', '1::int4'],
      ['"case"', 'case when true then 1 end'],
      ['"array"', 'array(select 1)'],
      ['"coalesce"', 'coalesce((select 1 as q), 2)'],
      ['btrim', "trim(both 'a' from 'b')"],
    ] as const
  ).map(([name, value]) =>
    allow('emp', `select (select ${name} from (select ${value}) q1) ${outer(name)}`, `${value} is called ${name}`),
  ),
  // A list of names that is shorter goes by PostgreSQL's order of columns.
  deny(
    'emp',
    `select (select ssn from json_table('[1]'::jsonb, '$' columns (nested '$' columns (q text path '$'), ssn text path '$')) jt(x)) from app.employees e`,
    'nested columns come last, so x is ssn and the outer ssn is meant',
  ),
  allow(
    'emp',
    `select (select ssn from json_table('[1]'::jsonb, '$' columns (nested '$' columns (ssn text path '$'), q text path '$')) jt(x)) from app.employees e`,
    'nested columns come last, so x is q',
  ),
  allow(
    'emp',
    `select (select ssn from xmltable('/a' passing '<a/>' columns b text path '.', ssn text path '.') x(b1)) from app.employees e`,
    'in the order written',
  ),
  deny(
    'emp',
    `select (select ssn from xmltable('/a' passing '<a/>' columns ssn text path '.', b text path '.') x(b1)) from app.employees e`,
    'in the order written',
  ),
  deny('emp', 'select (select ssn from (select 1 as ssn, 2 as b) x(b1)) from app.employees e', 'renamed'),
  allow(
    'emp',
    'select (select ssn from (select 1 as a, 2 as ssn) x(b1)) from app.employees e',
    'the second keeps its name',
  ),
  deny('emp', 'select (with c(x) as (select 1 as ssn) select ssn from c) from app.employees e', 'renamed'),
  allow(
    'emp dept',
    'select (select ssn from (app.departments d join (select 1 as id, 2 as ssn) s using (id)) as j(x, y, z)) from app.employees e',
    'merged columns come first, ssn last',
  ),
  deny(
    'emp dept',
    'select (select ssn from (app.departments d join (select 1 as ssn, 1 as id) s using (id)) as j(x, y, z, w)) from app.employees e',
    'all are renamed',
  ),
  allow(
    'emp dept',
    'select (select u.ssn from (app.departments d join (select 1 as id, 1 as ssn) s using (id) as u)) from app.employees u',
    'the alias of USING has only what is merged: an error of names',
  ),
  deny(
    'emp',
    "select (select ssn from jsonb_to_record('{}') as ssn(x int)) from app.employees e",
    'a definition of columns names x alone',
  ),
  allow(
    'emp',
    "select (select ssn from jsonb_to_record('{}') as j(ssn int)) from app.employees e",
    'a definition of columns names it',
  ),
  deny('emp fn', 'select (select ssn from app.out_fn() f) from app.employees e', 'what the function gives may lack it'),
  allow(
    'emp',
    'select (with recursive c(a) as (select 1 union all select a from c where false) search depth first by a set ssn select count(ssn) from c) from app.employees e',
    'SEARCH adds it',
  ),
  deny('emp', 'select (select ssn from generate_series(1, 1) ssn(x)) from app.employees e', 'x it is called'),
  deny(
    'emp',
    'select (select column2 from (values (1)) v) from app.employees e(a, b, c, d, f, column2)',
    'one column only',
  ),
  // What has no alias.
  allow(
    'emp',
    "select json_table.a from app.employees e, json_table('{}'::jsonb, '$' columns (a text path '$'))",
    'JSON_TABLE has its own name',
  ),
  allow(
    'emp',
    "select json_table.* from app.employees e, json_table('{}'::jsonb, '$' columns (a text path '$'))",
    'JSON_TABLE has its own name',
  ),
  allow(
    'emp',
    "select xmltable.b from app.employees e, xmltable('/a' passing '<a/>' columns b text path '.')",
    'XMLTABLE has its own name',
  ),
  deny(
    'emp',
    "select json_table.ssn from app.employees json_table, json_table('{}'::jsonb, '$' columns (a text path '$')) j",
    'here it is the table',
  ),
  allow('emp', 'select generate_series from app.employees, generate_series(1, 2)', 'a function has its own name'),
]
