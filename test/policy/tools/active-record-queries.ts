import type { SentQuery } from './sent-query.ts'

/** What ActiveRecord 6.1.7 sends: the schema dumper and common queries. Recorded from the running library. */
export const ACTIVE_RECORD_QUERIES: readonly SentQuery[] = [
  { sql: `SET client_min_messages TO 'warning'` },
  { sql: `SET search_path TO sales,public` },
  { sql: `SET standard_conforming_strings = on` },
  { sql: `SET intervalstyle = iso_8601` },
  { sql: `SET SESSION statement_timeout TO 5000` },
  { sql: `SET SESSION timezone TO 'UTC'` },
  {
    sql: `SELECT t.oid, t.typname
FROM pg_type as t
WHERE t.typname IN ('int2', 'int4', 'int8', 'oid', 'float4', 'float8', 'numeric', 'bool', 'timestamp', 'timestamptz')
`,
  },
  {
    sql: `SELECT t.oid, t.typname, t.typelem, t.typdelim, t.typinput, r.rngsubtype, t.typtype, t.typbasetype
FROM pg_type as t
LEFT JOIN pg_range as r ON oid = rngtypid
WHERE
  t.typname IN ('int2', 'int4', 'int8', 'oid', 'float4', 'float8', 'text', 'varchar', 'char', 'name', 'bpchar', 'bool', 'bit', 'varbit', 'timestamptz', 'date', 'money', 'bytea', 'point', 'hstore', 'json', 'jsonb', 'cidr', 'inet', 'uuid', 'xml', 'tsvector', 'macaddr', 'citext', 'ltree', 'line', 'lseg', 'box', 'path', 'polygon', 'circle', 'time', 'timestamp', 'numeric', 'interval')
  OR t.typtype IN ('r', 'e', 'd')
  OR t.typinput = 'array_in(cstring,oid,integer)'::regprocedure
  OR t.typelem != 0
`,
  },
  { sql: `SHOW TIME ZONE` },
  { sql: `SELECT 1` },
  {
    sql: `SELECT c.relname FROM pg_class c LEFT JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = ANY (current_schemas(false)) AND c.relkind IN ('r','p')`,
  },
  {
    sql: `SELECT nspname
  FROM pg_namespace
 WHERE nspname !~ '^pg_.*'
   AND nspname NOT IN ('information_schema')
 ORDER by nspname;
`,
  },
  {
    sql: `SELECT a.attname, format_type(a.atttypid, a.atttypmod),
       pg_get_expr(d.adbin, d.adrelid), a.attnotnull, a.atttypid, a.atttypmod,
       c.collname, col_description(a.attrelid, a.attnum) AS comment
  FROM pg_attribute a
  LEFT JOIN pg_attrdef d ON a.attrelid = d.adrelid AND a.attnum = d.adnum
  LEFT JOIN pg_type t ON a.atttypid = t.oid
  LEFT JOIN pg_collation c ON a.attcollation = c.oid AND a.attcollation <> t.typcollation
 WHERE a.attrelid = '"orders"'::regclass
   AND a.attnum > 0 AND NOT a.attisdropped
 ORDER BY a.attnum
`,
  },
  { sql: `SHOW max_identifier_length` },
  {
    sql: `SELECT a.attname
  FROM (
         SELECT indrelid, indkey, generate_subscripts(indkey, 1) idx
           FROM pg_index
          WHERE indrelid = '"orders"'::regclass
            AND indisprimary
       ) i
  JOIN pg_attribute a
    ON a.attrelid = i.indrelid
   AND a.attnum = i.indkey[i.idx]
 ORDER BY i.idx
`,
  },
  {
    sql: `SELECT distinct i.relname, d.indisunique, d.indkey, pg_get_indexdef(d.indexrelid), t.oid,
                pg_catalog.obj_description(i.oid, 'pg_class') AS comment
FROM pg_class t
INNER JOIN pg_index d ON t.oid = d.indrelid
INNER JOIN pg_class i ON d.indexrelid = i.oid
LEFT JOIN pg_namespace n ON n.oid = i.relnamespace
WHERE i.relkind IN ('i', 'I')
  AND d.indisprimary = 'f'
  AND t.relname = 'orders'
  AND n.nspname = ANY (current_schemas(false))
ORDER BY i.relname
`,
  },
  {
    sql: `SELECT a.attnum, a.attname
FROM pg_attribute a
WHERE a.attrelid = <<regclass:sales.orders>>
AND a.attnum IN (9)
`,
  },
  {
    sql: `SELECT t2.oid::regclass::text AS to_table, a1.attname AS column, a2.attname AS primary_key, c.conname AS name, c.confupdtype AS on_update, c.confdeltype AS on_delete, c.convalidated AS valid
FROM pg_constraint c
JOIN pg_class t1 ON c.conrelid = t1.oid
JOIN pg_class t2 ON c.confrelid = t2.oid
JOIN pg_attribute a1 ON a1.attnum = c.conkey[1] AND a1.attrelid = t1.oid
JOIN pg_attribute a2 ON a2.attnum = c.confkey[1] AND a2.attrelid = t2.oid
JOIN pg_namespace t3 ON c.connamespace = t3.oid
WHERE c.contype = 'f'
  AND t1.relname = 'orders'
  AND t3.nspname = ANY (current_schemas(false))
ORDER BY c.conname
`,
  },
  {
    sql: `            SELECT conname, pg_get_constraintdef(c.oid) AS constraintdef, c.convalidated AS valid
            FROM pg_constraint c
            JOIN pg_class t ON c.conrelid = t.oid
            WHERE c.contype = 'c'
              AND t.relname = 'orders'
`,
  },
  {
    sql: `SELECT pg_catalog.obj_description(c.oid, 'pg_class')
FROM pg_catalog.pg_class c
  LEFT JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relname = 'orders'
  AND c.relkind IN ('r','p')
  AND n.nspname = ANY (current_schemas(false))
`,
  },
  {
    sql: `SELECT c.relname FROM pg_class c LEFT JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = ANY (current_schemas(false)) AND c.relname = 'orders' AND c.relkind IN ('r','p')`,
  },
  {
    sql: `SELECT attr.attname, nsp.nspname, seq.relname
FROM pg_class      seq,
     pg_attribute  attr,
     pg_depend     dep,
     pg_constraint cons,
     pg_namespace  nsp
WHERE seq.oid           = dep.objid
  AND seq.relkind       = 'S'
  AND attr.attrelid     = dep.refobjid
  AND attr.attnum       = dep.refobjsubid
  AND attr.attrelid     = cons.conrelid
  AND attr.attnum       = cons.conkey[1]
  AND seq.relnamespace  = nsp.oid
  AND cons.contype      = 'p'
  AND dep.classid       = 'pg_class'::regclass
  AND dep.refobjid      = '"orders"'::regclass
`,
  },
  { sql: `SELECT pg_get_serial_sequence('orders', 'id')` },
  {
    sql: `SELECT attr.attname, nsp.nspname,
  CASE
    WHEN pg_get_expr(def.adbin, def.adrelid) !~* 'nextval' THEN NULL
    WHEN split_part(pg_get_expr(def.adbin, def.adrelid), '''', 2) ~ '.' THEN
      substr(split_part(pg_get_expr(def.adbin, def.adrelid), '''', 2),
             strpos(split_part(pg_get_expr(def.adbin, def.adrelid), '''', 2), '.')+1)
    ELSE split_part(pg_get_expr(def.adbin, def.adrelid), '''', 2)
  END
FROM pg_class       t
JOIN pg_attribute   attr ON (t.oid = attrelid)
JOIN pg_attrdef     def  ON (adrelid = attrelid AND adnum = attnum)
JOIN pg_constraint  cons ON (conrelid = adrelid AND adnum = conkey[1])
JOIN pg_namespace   nsp  ON (t.relnamespace = nsp.oid)
WHERE t.oid = '"order_items"'::regclass
  AND cons.contype = 'p'
  AND pg_get_expr(def.adbin, def.adrelid) ~* 'nextval|uuid_generate'
`,
  },
  {
    sql: `SELECT a.attnum, a.attname
FROM pg_attribute a
WHERE a.attrelid = <<regclass:sales.customers>>
AND a.attnum IN (3)
`,
  },
  { sql: `SELECT extname FROM pg_extension` },
  { sql: `SELECT current_database()` },
  { sql: `SELECT current_schema` },
  { sql: `SELECT pg_encoding_to_char(encoding) FROM pg_database WHERE datname = current_database()` },
  { sql: `SELECT datcollate FROM pg_database WHERE datname = current_database()` },
  { sql: `SELECT datctype FROM pg_database WHERE datname = current_database()` },
  { sql: `SHOW client_min_messages` },
  { sql: `SELECT "orders".* FROM "orders" ORDER BY "orders"."id" ASC` },
  {
    sql: `SELECT "orders".* FROM "orders" WHERE "orders"."customer" IN ($1, $2) AND (total > 5) ORDER BY "orders"."id" ASC`,
    values: ['a', 'b'],
  },
  { sql: `SELECT "order_items".* FROM "order_items" WHERE "order_items"."order_id" IN ($1, $2)`, values: ['1', '2'] },
  {
    sql: `SELECT SUM(qty) AS sum_qty, "orders"."customer" AS orders_customer FROM "orders" INNER JOIN "order_items" ON "order_items"."order_id" = "orders"."id" GROUP BY "orders"."customer"`,
  },
  {
    sql: `SELECT "orders"."id", lower(customer) FROM "orders" WHERE "orders"."created_at" >= $1 ORDER BY "orders"."id" DESC LIMIT $2 OFFSET $3`,
    values: ['2026-11-25 17:55:14.304055+00', '3', '0'],
  },
  { sql: `SELECT "orders".* FROM "orders" ORDER BY "orders"."id" ASC LIMIT $1`, values: ['1'] },
  {
    sql: `SELECT "orders".* FROM "orders" WHERE "orders"."id" > $1 ORDER BY "orders"."id" ASC LIMIT $2`,
    values: ['1', '1'],
  },
  { sql: `BEGIN` },
  { sql: `SET TRANSACTION ISOLATION LEVEL REPEATABLE READ` },
  { sql: `SAVEPOINT active_record_1` },
  { sql: `SELECT COUNT(*) FROM "orders"` },
  { sql: `RELEASE SAVEPOINT active_record_1` },
  { sql: `COMMIT` },
  { sql: `SELECT "orders".* FROM "orders"` },
  { sql: `EXPLAIN SELECT "orders".* FROM "orders"` },
  { sql: `SELECT 1 AS one FROM "orders" WHERE "orders"."id" = $1 LIMIT $2`, values: ['1', '1'] },
  { sql: `DEALLOCATE a1` },
  { sql: `DEALLOCATE a2` },
  { sql: `DISCARD ALL` },
  { sql: `SELECT pg_try_advisory_lock(5)` },
]
