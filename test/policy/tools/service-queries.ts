import type { SentQuery } from './sent-query.ts'

/*
 * What drivers and services that do not run here send: written after their sources, each named, with their catalogs,
 * columns, functions, casts and joins, in our words.
 */

const plain = (queries: readonly string[]): readonly SentQuery[] => queries.map((sql) => ({ sql }))
const STATUS = '<<regtype:sales.status>>'

/** @see elixir-ecto/postgrex, lib/postgrex/types.ex at 01506355ed90 (Ecto's types, as a connection starts) */
export const POSTGREX_QUERIES: readonly SentQuery[] = plain([
  `SELECT t.oid, t.typname, t.typsend, t.typreceive, t.typoutput, t.typinput, t.typelem, coalesce(r.rngsubtype, 0), ARRAY (
     SELECT a.atttypid FROM pg_attribute AS a WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum)
     FROM pg_type AS t LEFT JOIN pg_range AS r ON r.rngtypid = t.oid
    WHERE t.oid NOT IN (SELECT unnest(ARRAY[16,17,18]))`,
])

/**
 * @see sfackler/rust-postgres, tokio-postgres/src/prepare.rs at 02bab67280f8
 * @see launchbadge/sqlx, sqlx-postgres/src/connection/describe.rs at 023e3c4d2b0c
 */
export const RUST_QUERIES: readonly SentQuery[] = [
  {
    sql: `SELECT t.typname, t.typtype, t.typelem, r.rngsubtype, t.typbasetype, n.nspname, t.typrelid FROM pg_catalog.pg_type t
LEFT OUTER JOIN pg_catalog.pg_range r ON r.rngtypid = t.oid INNER JOIN pg_catalog.pg_namespace n ON t.typnamespace = n.oid WHERE t.oid = $1`,
    values: [STATUS],
  },
  { sql: 'SELECT enumlabel FROM pg_catalog.pg_enum WHERE enumtypid = $1 ORDER BY enumsortorder', values: [STATUS] },
  {
    sql: 'SELECT attname, atttypid FROM pg_catalog.pg_attribute WHERE attrelid = $1 AND NOT attisdropped AND attnum > 0 ORDER BY attnum',
    values: ['<<regclass:sales.orders>>'],
  },
  {
    sql: 'SELECT oid::regtype::text, typtype, typcategory, typrelid, typelem, typbasetype FROM pg_catalog.pg_type WHERE oid = $1',
    values: [STATUS],
  },
  {
    sql: 'SELECT $1::oid::regclass::text, attname FROM pg_catalog.pg_attribute WHERE attrelid = $1 AND attnum = $2',
    values: ['<<regclass:sales.orders>>', '1'],
  },
  { sql: 'SELECT rngsubtype FROM pg_catalog.pg_range WHERE rngtypid = $1', values: ['3904'] },
  { sql: 'SELECT $1::regtype::oid', values: ['sales.status'] },
  { sql: 'SELECT oid, typarray FROM pg_catalog.pg_type WHERE oid = $1::regtype::oid', values: ['sales.status'] },
]

/**
 * @see metabase/metabase, src/metabase/driver/postgres.clj at 008fd6675457
 * @see datafusion-contrib/datafusion-postgres, datafusion-postgres/tests/metabase.rs at 2ac70e6de3e6 (Metabase 0.55.1)
 */
export const METABASE_QUERIES: readonly SentQuery[] = plain([
  'SET extra_float_digits = 2',
  "SET application_name = 'Metabase v0.55.1'",
  'SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL READ UNCOMMITTED',
  'SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL READ COMMITTED',
  'show timezone',
  `with p as (
     select NULL as role, t.schemaname as schema, t.objectname as table,
            pg_catalog.has_any_column_privilege(current_user, '"' || replace(t.schemaname, '"', '""') || '"."' || replace(t.objectname, '"', '""') || '"', 'select') as select,
            pg_catalog.has_table_privilege(current_user, '"' || replace(t.schemaname, '"', '""') || '"."' || replace(t.objectname, '"', '""') || '"', 'delete') as delete
       from (select schemaname, tablename as objectname from pg_catalog.pg_tables
             union select schemaname, viewname from pg_catalog.pg_views union select schemaname, matviewname from pg_catalog.pg_matviews) t
      where t.schemaname !~ '^pg_' and t.schemaname <> 'information_schema'
        and pg_catalog.has_schema_privilege(current_user, t.schemaname, 'usage'))
   select p.* from p`,
  `SELECT "n"."nspname" AS "schema", "c"."relname" AS "name", "d"."description", "stat"."n_live_tup" AS "estimated_row_count"
     FROM "pg_catalog"."pg_class" AS "c" INNER JOIN "pg_catalog"."pg_namespace" AS "n" ON "c"."relnamespace" = "n"."oid"
     LEFT JOIN "pg_catalog"."pg_description" AS "d" ON ("c"."oid" = "d"."objoid") AND ("d"."objsubid" = 0) AND ("d"."classoid" = 'pg_class'::regclass)
     LEFT JOIN "pg_stat_user_tables" AS "stat" ON ("n"."nspname" = "stat"."schemaname") AND ("c"."relname" = "stat"."relname")
    WHERE ("n"."nspname" !~ '^pg_') AND ("n"."nspname" <> 'information_schema') AND c.relkind in ('r', 'p', 'v', 'f', 'm') AND ("n"."nspname" IN ('sales'))`,
  `SELECT nspname, typname FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
    WHERE t.oid IN (SELECT DISTINCT enumtypid FROM pg_enum e)`,
  `SELECT c.column_name, case when c.udt_schema in ('public', 'pg_catalog') then format('%s', c.udt_name) else format('"%s"."%s"', c.udt_schema, c.udt_name) end,
          c.ordinal_position - 1, c.table_schema, c.table_name, pk.column_name is not null,
          col_description(cast(cast(format('%I.%I', cast(c.table_schema as text), cast(c.table_name as text)) as regclass) as oid), c.ordinal_position)
     FROM information_schema.columns c
     LEFT JOIN (SELECT tc.table_schema, tc.table_name, kc.column_name FROM information_schema.table_constraints tc
                  JOIN information_schema.key_column_usage kc ON tc.constraint_name = kc.constraint_name AND tc.table_schema = kc.table_schema
                 WHERE tc.constraint_type = 'PRIMARY KEY') pk
       ON c.table_schema = pk.table_schema AND c.table_name = pk.table_name AND c.column_name = pk.column_name
    WHERE c.table_schema !~ '^information_schema|catalog_history|pg_'`,
  `SELECT fk_ns.nspname, fk_table.relname, fk_column.attname, pk_ns.nspname, pk_table.relname, pk_column.attname
     FROM pg_constraint c JOIN pg_class fk_table ON c.conrelid = fk_table.oid JOIN pg_namespace fk_ns ON c.connamespace = fk_ns.oid
     JOIN pg_attribute fk_column ON c.conrelid = fk_column.attrelid JOIN pg_class pk_table ON c.confrelid = pk_table.oid
     JOIN pg_namespace pk_ns ON pk_table.relnamespace = pk_ns.oid JOIN pg_attribute pk_column ON c.confrelid = pk_column.attrelid
    WHERE fk_ns.nspname !~ '^information_schema|catalog_history|pg_' AND c.contype = 'f'::char
      AND fk_column.attnum = ANY(c.conkey) AND pk_column.attnum = ANY(c.confkey)`,
  `SELECT tmp.s, tmp.t, trim(both '"' from pg_catalog.pg_get_indexdef(tmp.ci_oid, tmp.pos, false))
     FROM (SELECT n.nspname as s, ct.relname as t, ci.oid as ci_oid, (information_schema._pg_expandarray(i.indkey)).n as pos
             FROM pg_catalog.pg_class ct JOIN pg_catalog.pg_namespace n ON ct.relnamespace = n.oid
             JOIN pg_catalog.pg_index i ON ct.oid = i.indrelid JOIN pg_catalog.pg_class ci ON ci.oid = i.indexrelid
            WHERE pg_catalog.pg_get_expr(i.indpred, i.indrelid) IS NULL AND n.nspname !~ '^information_schema|catalog_history|pg_') tmp
    WHERE tmp.pos = 1`,
])

const ON_PATH = `quote_ident(table_schema) IN (SELECT CASE WHEN trim(s[i]) = '"$user"' THEN user ELSE trim(s[i]) END
  FROM generate_series(array_lower(string_to_array(current_setting('search_path'),','),1),
                       array_upper(string_to_array(current_setting('search_path'),','),1)) as i,
       string_to_array(current_setting('search_path'),',') s)`

/** @see grafana/grafana, public/app/plugins/datasource/grafana-postgresql-datasource/postgresMetaQuery.ts at 12f912ab8d01 */
export const GRAFANA_QUERIES: readonly SentQuery[] = plain([
  '-- ping',
  'SELECT 1',
  "SELECT current_setting('server_version_num')::int/100 as version",
  "SELECT extversion FROM pg_extension WHERE extname = 'timescaledb'",
  `SELECT schema_name AS "name" FROM information_schema.schemata WHERE schema_name NOT IN ('information_schema', 'pg_catalog') ORDER BY 1`,
  `SELECT CASE WHEN ${ON_PATH} THEN quote_ident(table_name) ELSE quote_ident(table_schema) || '.' || quote_ident(table_name) END AS "table"
     FROM information_schema.tables WHERE quote_ident(table_schema) NOT IN ('information_schema', 'pg_catalog')
    ORDER BY CASE WHEN ${ON_PATH} THEN 0 ELSE 1 END, 1`,
  `SELECT quote_ident(column_name) AS "column", data_type AS "type" FROM information_schema.columns
    WHERE CASE WHEN array_length(parse_ident('sales.orders'),1) = 2
               THEN quote_ident(table_schema) = (parse_ident('sales.orders'))[1] AND quote_ident(table_name) = (parse_ident('sales.orders'))[2]
               ELSE quote_ident(table_name) = 'sales.orders' AND ${ON_PATH} END`,
])

/** @see hasura/graphql-engine, server/src-rsr/pg_table_metadata.sql at 0fcff2886d1a */
export const HASURA_QUERIES: readonly SentQuery[] = [
  {
    sql: `SELECT t.table_schema, t.table_name, jsonb_build_object('oid', t.oid::integer, 'columns', coalesce(columns.info, '[]'),
       'primary_key', pk.info, 'view_info', CASE WHEN t.relkind IN ('v', 'm') THEN jsonb_build_object(
         'is_updatable', ((pg_catalog.pg_relation_is_updatable(t.oid, true) & 4) = 4)) END,
       'description', d.description, 'extra_table_metadata', '[]'::json)::json AS info
  FROM (SELECT x."name" AS "table_name", x."schema" AS "table_schema" FROM jsonb_to_recordset($1::jsonb) AS x("schema" text, "name" text)) tracked
  LEFT JOIN (SELECT c.oid, c.relkind, c.relname AS "table_name", n.nspname AS "table_schema"
               FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace) t
    ON t.table_name = tracked.table_name AND t.table_schema = tracked.table_schema
  LEFT JOIN pg_catalog.pg_description d ON d.classoid = 'pg_catalog.pg_class'::regclass AND d.objoid = t.oid AND d.objsubid = 0
  LEFT JOIN LATERAL (SELECT jsonb_agg(jsonb_build_object('name', a.attname, 'position', a.attnum,
         'type', json_build_object('name', coalesce(bt.typname, ty.typname), 'type', ty.typtype), 'is_nullable', NOT a.attnotnull,
         'description', pg_catalog.col_description(t.oid, a.attnum))) AS info
       FROM pg_catalog.pg_attribute a
      INNER JOIN (SELECT attrelid, attnum, attname, CASE WHEN attidentity_exists THEN attidentity::text ELSE ''::text END as attidentity
                    FROM pg_catalog.pg_attribute CROSS JOIN (SELECT current_setting('server_version_num')::int >= 100000)
                         AS attidentity(attidentity_exists)) AS polyfill
              ON polyfill.attrelid = a.attrelid AND polyfill.attnum = a.attnum AND polyfill.attname = a.attname
       LEFT JOIN pg_catalog.pg_type ty ON ty.oid = a.atttypid
       LEFT JOIN pg_catalog.pg_type bt ON ty.typtype = 'd' AND bt.oid = ty.typbasetype
      WHERE a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped) columns ON true
  LEFT JOIN LATERAL (SELECT jsonb_build_object('name', k.relname, 'oid', k.oid::integer) AS info FROM pg_catalog.pg_index i
      JOIN pg_catalog.pg_class k ON k.oid = i.indexrelid WHERE i.indrelid = t.oid AND i.indisprimary) pk ON true
 WHERE t.relkind IN ('r', 't', 'v', 'm', 'f', 'p') AND t.table_schema NOT LIKE 'pg_%'`,
    values: ['[{"schema":"sales","name":"orders"},{"schema":"sales","name":"order_totals"}]'],
  },
]

/** @see beekeeper-studio/beekeeper-studio, apps/studio/src/lib/db/clients/postgresql.ts at 002a584d135c */
export const BEEKEEPER_QUERIES: readonly SentQuery[] = [
  ...plain([
    'SELECT pg_backend_pid() AS pid',
    `SELECT t.table_schema as schema, t.table_name as name, pc.relkind as tabletype, parent_pc.relkind as parenttype
       FROM information_schema.tables AS t
       JOIN pg_class AS pc ON t.table_name = pc.relname AND quote_ident(t.table_schema) = pc.relnamespace::regnamespace::text
       LEFT OUTER JOIN pg_inherits AS i ON pc.oid = i.inhrelid LEFT OUTER JOIN pg_class AS parent_pc ON parent_pc.oid = i.inhparent
      WHERE t.table_type NOT LIKE '%VIEW%' ORDER BY t.table_schema, t.table_name`,
    `SELECT ps.schemaname, ps.relname, pg_get_expr(pt.relpartbound, pt.oid, true) AS expression FROM pg_class base_tb
       JOIN pg_inherits i ON i.inhparent = base_tb.oid JOIN pg_class pt ON pt.oid = i.inhrelid
       JOIN pg_stat_all_tables ps ON ps.relid = i.inhrelid JOIN pg_namespace n ON n.oid = base_tb.relnamespace
      WHERE n.nspname = 'sales' AND base_tb.relname = 'parts' AND base_tb.relkind = 'p'`,
    `select r.routine_schema, r.specific_name, p.parameter_name, p.character_maximum_length, p.data_type from information_schema.routines r
       left join information_schema.parameters p on p.specific_schema = r.routine_schema and p.specific_name = r.specific_name
      where r.routine_schema not in ('sys', 'information_schema', 'pg_catalog') AND p.parameter_mode = 'IN'`,
    `SELECT pg_indexes_size('"sales"."orders"') as index_size, pg_relation_size('"sales"."orders"') as table_size,
            obj_description('"sales"."orders"'::regclass) as description`,
  ]),
  {
    sql: `SELECT table_schema, table_name, column_name, is_nullable, is_generated, ordinal_position, column_default,
       CASE WHEN numeric_precision is not null and numeric_scale is not null
            THEN udt_name || '(' || numeric_precision::varchar(255) || ',' || numeric_scale::varchar(255) || ')' ELSE udt_name END as data_type,
       pg_catalog.col_description(format('%I.%I', table_schema, table_name)::regclass::oid, ordinal_position) as column_comment
  FROM information_schema.columns WHERE table_schema = $1 AND table_name = $2 ORDER BY table_schema, table_name, ordinal_position`,
    values: ['sales', 'orders'],
  },
  {
    sql: `SELECT (SELECT relname FROM pg_class c WHERE c.oid = i.indexrelid) as indexname, k.i AS index_order, i.indisunique, i.indnullsnotdistinct,
       coalesce(a.attname, (('{' || pg_get_expr(i.indexprs, i.indrelid) || '}')::text[])[k.i]) AS index_column, i.indoption[k.i - 1] = 0 AS ascending
  FROM pg_index i CROSS JOIN LATERAL (SELECT unnest(i.indkey), generate_subscripts(i.indkey, 1) + 1) AS k(attnum, i)
  LEFT JOIN pg_attribute AS a ON i.indrelid = a.attrelid AND k.attnum = a.attnum
  JOIN pg_class t on t.oid = i.indrelid JOIN pg_namespace c on c.oid = t.relnamespace WHERE c.nspname = $1 AND t.relname = $2`,
    values: ['sales', 'orders'],
  },
  {
    sql: 'SELECT trigger_name, action_timing, event_manipulation, action_statement, action_condition FROM information_schema.triggers WHERE event_object_schema = $1 AND event_object_table = $2',
    values: ['sales', 'orders'],
  },
  { sql: 'SELECT pg_get_viewdef($1::regclass, true)', values: ['sales.order_totals'] },
]

/** @see PostgREST/postgrest, src/library/PostgREST/SchemaCache.hs at 026a6558ed27 (the schema cache; its requests SET ROLE, which nobody may) */
export const POSTGREST_QUERIES: readonly SentQuery[] = [
  ...plain([
    "begin; set local schema ''",
    `with rels as (select reltype from pg_class where relkind in ('v','r','m','f','p'))
     select (parse_ident(p.pronamespace::regnamespace::text))[1] as schema, p.proname::text, s.nspname::text, t.typname::text,
            not p.proretset or p.prorows = 1 as single_row, row(s.nspname, t.typname) = row(s.nspname, t.typname) as is_self
       from pg_proc p join pg_type t on t.oid = p.proargtypes[0] join pg_namespace s on s.oid = t.typnamespace
      where p.pronargs = 1 and p.proargtypes[0] in (select reltype from rels)`,
    `SELECT c.castsource::regtype::text, c.casttarget::regtype::text, c.castfunc::regproc::text FROM pg_catalog.pg_cast c
       JOIN pg_catalog.pg_type a ON c.castsource::oid = a.oid JOIN pg_catalog.pg_type b ON c.casttarget::oid = b.oid
      WHERE c.castcontext = 'i' AND c.castmethod = 'f' AND has_function_privilege(c.castfunc, 'execute')
        AND ((a.typtype = 'd' AND c.casttarget IN ('json'::regtype::oid, 'text'::regtype::oid)))`,
  ]),
  {
    sql: 'select proname from pg_proc where pronamespace = any($1::regnamespace[]) and prokind = $2',
    values: ['{reports}', 'f'],
  },
  { sql: 'commit' },
]

/** @see dbt-labs/dbt-postgres, dbt/include/postgres/macros/adapters.sql at 09a15f6ba7b2 (what dbt reads before it builds) */
export const DBT_QUERIES: readonly SentQuery[] = plain([
  'BEGIN',
  `/* {"app": "dbt", "connection_name": "list_app"} */ select distinct nspname from pg_namespace`,
  `select 'app' as database, tablename as name, schemaname as schema, 'table' as type from pg_tables where schemaname ilike 'sales'
    union all select 'app', viewname, schemaname, 'view' from pg_views where schemaname ilike 'sales'
    union all select 'app', matviewname, schemaname, 'materialized_view' from pg_matviews where schemaname ilike 'sales'`,
  `select column_name, data_type, character_maximum_length, numeric_precision, numeric_scale
     from "app".INFORMATION_SCHEMA.columns where table_name = 'orders' and table_schema = 'sales' order by ordinal_position`,
  `select i.relname, m.amname, ix.indisunique as "unique", array_to_string(array_agg(a.attname), ',') as column_names
     from pg_index ix join pg_class i on i.oid = ix.indexrelid join pg_am m on m.oid=i.relam join pg_class t on t.oid = ix.indrelid
     join pg_namespace n on n.oid = t.relnamespace join pg_attribute a on a.attrelid = t.oid and a.attnum = ANY(ix.indkey)
    where t.relname = 'orders' and n.nspname = 'sales' and t.relkind in ('r', 'm') group by 1, 2, 3`,
  'ROLLBACK',
])
