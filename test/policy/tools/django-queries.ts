import type { SentQuery } from './sent-query.ts'

/** What Django 3.2.25 and 5.2.17 send: inspectdb and common queries of its ORM. Recorded from the running framework. */
export const DJANGO_QUERIES: readonly SentQuery[] = [
  {
    sql: `SELECT t.oid, typarray FROM pg_type t JOIN pg_namespace ns ON typnamespace = ns.oid WHERE typname = 'hstore'`,
  },
  { sql: `SELECT typarray FROM pg_type WHERE typname = 'citext'` },
  {
    sql: `
            SELECT c.relname,
            CASE WHEN c.relispartition THEN 'p' WHEN c.relkind IN ('m', 'v') THEN 'v' ELSE 't' END
            FROM pg_catalog.pg_class c
            LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relkind IN ('f', 'm', 'p', 'r', 'v')
                AND n.nspname NOT IN ('pg_catalog', 'pg_toast')
                AND pg_catalog.pg_table_is_visible(c.oid)
        `,
  },
  {
    sql: `
            SELECT a1.attname, c2.relname, a2.attname
            FROM pg_constraint con
            LEFT JOIN pg_class c1 ON con.conrelid = c1.oid
            LEFT JOIN pg_class c2 ON con.confrelid = c2.oid
            LEFT JOIN pg_attribute a1 ON c1.oid = a1.attrelid AND a1.attnum = con.conkey[1]
            LEFT JOIN pg_attribute a2 ON c2.oid = a2.attrelid AND a2.attnum = con.confkey[1]
            WHERE
                c1.relname = 'customers' AND
                con.contype = 'f' AND
                c1.relnamespace = c2.relnamespace AND
                pg_catalog.pg_table_is_visible(c1.oid)
        `,
  },
  {
    sql: `
            SELECT
                c.conname,
                array(
                    SELECT attname
                    FROM unnest(c.conkey) WITH ORDINALITY cols(colid, arridx)
                    JOIN pg_attribute AS ca ON cols.colid = ca.attnum
                    WHERE ca.attrelid = c.conrelid
                    ORDER BY cols.arridx
                ),
                c.contype,
                (SELECT fkc.relname || '.' || fka.attname
                FROM pg_attribute AS fka
                JOIN pg_class AS fkc ON fka.attrelid = fkc.oid
                WHERE fka.attrelid = c.confrelid AND fka.attnum = c.confkey[1]),
                cl.reloptions
            FROM pg_constraint AS c
            JOIN pg_class AS cl ON c.conrelid = cl.oid
            WHERE cl.relname = 'customers' AND pg_catalog.pg_table_is_visible(cl.oid)
        `,
  },
  {
    sql: `
            SELECT
                indexname, array_agg(attname ORDER BY arridx), indisunique, indisprimary,
                array_agg(ordering ORDER BY arridx), amname, exprdef, s2.attoptions
            FROM (
                SELECT
                    c2.relname as indexname, idx.*, attr.attname, am.amname,
                    CASE
                        WHEN idx.indexprs IS NOT NULL THEN
                            pg_get_indexdef(idx.indexrelid)
                    END AS exprdef,
                    CASE am.amname
                        WHEN 'btree' THEN
                            CASE (option & 1)
                                WHEN 1 THEN 'DESC' ELSE 'ASC'
                            END
                    END as ordering,
                    c2.reloptions as attoptions
                FROM (
                    SELECT *
                    FROM pg_index i, unnest(i.indkey, i.indoption) WITH ORDINALITY koi(key, option, arridx)
                ) idx
                LEFT JOIN pg_class c ON idx.indrelid = c.oid
                LEFT JOIN pg_class c2 ON idx.indexrelid = c2.oid
                LEFT JOIN pg_am am ON c2.relam = am.oid
                LEFT JOIN pg_attribute attr ON attr.attrelid = c.oid AND attr.attnum = idx.key
                WHERE c.relname = 'customers' AND pg_catalog.pg_table_is_visible(c.oid)
            ) s2
            GROUP BY indexname, indisunique, indisprimary, amname, exprdef, attoptions;
        `,
  },
  {
    sql: `
            SELECT
                a.attname AS column_name,
                NOT (a.attnotnull OR (t.typtype = 'd' AND t.typnotnull)) AS is_nullable,
                pg_get_expr(ad.adbin, ad.adrelid) AS column_default,
                CASE WHEN collname = 'default' THEN NULL ELSE collname END AS collation
            FROM pg_attribute a
            LEFT JOIN pg_attrdef ad ON a.attrelid = ad.adrelid AND a.attnum = ad.adnum
            LEFT JOIN pg_collation co ON a.attcollation = co.oid
            JOIN pg_type t ON a.atttypid = t.oid
            JOIN pg_class c ON a.attrelid = c.oid
            JOIN pg_namespace n ON c.relnamespace = n.oid
            WHERE c.relkind IN ('f', 'm', 'p', 'r', 'v')
                AND c.relname = 'customers'
                AND n.nspname NOT IN ('pg_catalog', 'pg_toast')
                AND pg_catalog.pg_table_is_visible(c.oid)
        `,
  },
  { sql: `SELECT * FROM "customers" LIMIT 1` },
  { sql: `SELECT * FROM "order_items" LIMIT 1` },
  { sql: `SELECT * FROM "orders" LIMIT 1` },
  { sql: `SELECT * FROM "parts" LIMIT 1` },
  { sql: `SELECT * FROM "order_cache" LIMIT 1` },
  { sql: `SELECT * FROM "order_totals" LIMIT 1` },
  { sql: `SELECT * FROM "parts_eu" LIMIT 1` },
  { sql: `SELECT "orders"."id", "orders"."customer" FROM "orders" ORDER BY "orders"."id" ASC` },
  {
    sql: `SELECT "orders"."customer", COUNT("orders"."id") AS "n", SUM("orders"."total") AS "s", AVG("orders"."total") AS "a" FROM "orders" GROUP BY "orders"."customer" ORDER BY "orders"."customer" ASC`,
  },
  {
    sql: `SELECT "order_items"."sku", "orders"."customer" FROM "order_items" INNER JOIN "orders" ON ("order_items"."order_id" = "orders"."id") WHERE UPPER("orders"."customer"::text) LIKE UPPER('%A%')`,
  },
  {
    sql: `SELECT COUNT(*) FROM (SELECT DATE_TRUNC('month', "orders"."created_at" AT TIME ZONE 'America/Chicago') AS "m", COUNT("orders"."id") AS "n" FROM "orders" GROUP BY DATE_TRUNC('month', "orders"."created_at" AT TIME ZONE 'America/Chicago')) subquery`,
  },
  { sql: `SELECT RANK() OVER (ORDER BY "orders"."total" DESC) AS "r" FROM "orders"` },
  {
    sql: `SELECT "orders"."id" FROM "orders" WHERE EXISTS(SELECT (1) AS "a" FROM "order_items" U0 WHERE U0."order_id" = "orders"."id" LIMIT 1)`,
  },
  {
    sql: `SELECT "orders"."id" FROM "orders" WHERE to_tsvector(COALESCE("orders"."customer", '')) @@ plainto_tsquery('b')`,
  },
  {
    sql: `SELECT "orders"."id" FROM "orders" ORDER BY ts_rank(to_tsvector(COALESCE("orders"."customer", '')), plainto_tsquery('b')) DESC`,
  },
  {
    sql: `SELECT LOWER("orders"."customer") AS "a", CONCAT("orders"."customer", "orders"."customer") AS "c", CAST("orders"."id" AS text) AS "d", STRPOS("orders"."customer", "orders"."customer") AS "f", MD5("orders"."customer") AS "g" FROM "orders" ORDER BY "orders"."id" ASC`,
  },
  {
    sql: `SELECT COUNT(*) AS "__count" FROM "orders" WHERE ("orders"."customer"::text LIKE 'a%' OR "orders"."customer"::text ~* 'B' OR "orders"."created_at" BETWEEN '2026-01-01T00:00:00-06:00'::timestamptz AND '2026-12-31T23:59:59.999999-06:00'::timestamptz OR ("orders"."created_at" AT TIME ZONE 'America/Chicago')::date = '2026-01-01'::date OR "orders"."id" IN (1, 2) OR "orders"."total" BETWEEN 1 AND 2)`,
  },
  { sql: `BEGIN` },
  { sql: `SAVEPOINT "s140528904897216_x1"` },
  { sql: `SELECT "orders"."id" FROM "orders" LIMIT 1` },
  { sql: `RELEASE SAVEPOINT "s140528904897216_x1"` },
  { sql: `COMMIT` },
  {
    sql: `DECLARE "_django_curs_140528904897216_sync_1" NO SCROLL CURSOR WITH HOLD FOR SELECT "orders"."id", "orders"."customer", "orders"."total", "orders"."created_at" FROM "orders" ORDER BY "orders"."id" ASC`,
  },
  { sql: `FETCH FORWARD 1 FROM "_django_curs_140528904897216_sync_1"` },
  { sql: `CLOSE "_django_curs_140528904897216_sync_1"` },
  { sql: `EXPLAIN SELECT "orders"."id", "orders"."customer", "orders"."total", "orders"."created_at" FROM "orders"` },
  { sql: `SELECT 1` },
  { sql: `SELECT oid, typarray FROM pg_type WHERE typname = 'hstore'` },
  {
    sql: `
            SELECT
                c.relname,
                CASE
                    WHEN c.relispartition THEN 'p'
                    WHEN c.relkind IN ('m', 'v') THEN 'v'
                    ELSE 't'
                END,
                obj_description(c.oid, 'pg_class')
            FROM pg_catalog.pg_class c
            LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relkind IN ('f', 'm', 'p', 'r', 'v')
                AND n.nspname NOT IN ('pg_catalog', 'pg_toast')
                AND pg_catalog.pg_table_is_visible(c.oid)
        `,
  },
  {
    sql: `
            SELECT
                a.attname AS column_name,
                NOT (a.attnotnull OR (t.typtype = 'd' AND t.typnotnull)) AS is_nullable,
                pg_get_expr(ad.adbin, ad.adrelid) AS column_default,
                CASE WHEN collname = 'default' THEN NULL ELSE collname END AS collation,
                a.attidentity != '' AS is_autofield,
                col_description(a.attrelid, a.attnum) AS column_comment
            FROM pg_attribute a
            LEFT JOIN pg_attrdef ad ON a.attrelid = ad.adrelid AND a.attnum = ad.adnum
            LEFT JOIN pg_collation co ON a.attcollation = co.oid
            JOIN pg_type t ON a.atttypid = t.oid
            JOIN pg_class c ON a.attrelid = c.oid
            JOIN pg_namespace n ON c.relnamespace = n.oid
            WHERE c.relkind IN ('f', 'm', 'p', 'r', 'v')
                AND c.relname = 'customers'
                AND n.nspname NOT IN ('pg_catalog', 'pg_toast')
                AND pg_catalog.pg_table_is_visible(c.oid)
        `,
  },
  { sql: `SELECT "orders"."id" AS "id", "orders"."customer" AS "customer" FROM "orders" ORDER BY 1 ASC` },
  {
    sql: `SELECT "orders"."customer" AS "customer", COUNT("orders"."id") AS "n", SUM("orders"."total") AS "s", AVG("orders"."total") AS "a" FROM "orders" GROUP BY 1 ORDER BY 1 ASC`,
  },
  {
    sql: `SELECT "order_items"."sku" AS "sku", "orders"."customer" AS "order__customer" FROM "order_items" INNER JOIN "orders" ON ("order_items"."order_id" = "orders"."id") WHERE UPPER("orders"."customer"::text) LIKE UPPER('%A%')`,
  },
  {
    sql: `SELECT COUNT(*) FROM (SELECT DATE_TRUNC('month', "orders"."created_at" AT TIME ZONE 'America/Chicago') AS "m" FROM "orders" GROUP BY 1) subquery`,
  },
  {
    sql: `SELECT "orders"."id" AS "id" FROM "orders" WHERE EXISTS(SELECT 1 AS "a" FROM "order_items" U0 WHERE U0."order_id" = ("orders"."id") LIMIT 1)`,
  },
  {
    sql: `SELECT ARRAY_AGG("orders"."customer" ORDER BY "orders"."customer") AS "x", STRING_AGG("orders"."customer", ',' ORDER BY "orders"."customer") AS "y", JSONB_AGG("orders"."id" ) AS "z" FROM "orders"`,
  },
  {
    sql: `SELECT "orders"."id" AS "id" FROM "orders" WHERE to_tsvector(COALESCE("orders"."customer", '')) @@ (plainto_tsquery('b'))`,
  },
  {
    sql: `SELECT "orders"."id" AS "id" FROM "orders" ORDER BY ts_rank(to_tsvector(COALESCE("orders"."customer", '')), plainto_tsquery('b')) DESC`,
  },
  {
    sql: `SELECT LOWER("orders"."customer") AS "a", (COALESCE("orders"."customer", '') || COALESCE("orders"."customer", '')) AS "c", ("orders"."id")::text AS "d", STRPOS("orders"."customer", "orders"."customer") AS "f", MD5("orders"."customer") AS "g" FROM "orders" ORDER BY "orders"."id" ASC`,
  },
  { sql: `SAVEPOINT "s139878570398400_x1"` },
  { sql: `SELECT "orders"."id" AS "id" FROM "orders" LIMIT 1` },
  { sql: `RELEASE SAVEPOINT "s139878570398400_x1"` },
  {
    sql: `DECLARE "_django_curs_139878570398400_sync_1" NO SCROLL CURSOR WITH HOLD FOR SELECT "orders"."id", "orders"."customer", "orders"."total", "orders"."created_at" FROM "orders" ORDER BY "orders"."id" ASC`,
  },
  { sql: `FETCH FORWARD 1 FROM "_django_curs_139878570398400_sync_1"` },
  { sql: `CLOSE "_django_curs_139878570398400_sync_1"` },
]
