/**
 * One statement that gives the snapshot of a database as JSON, in the form of CatalogSnapshot.
 *
 * Only the system catalogs are read, which every role may. Objects with OIDs below 16384 came with the server and
 * are known from the curated lists (FirstNormalObjectId, PostgreSQL's access/transam.h). With an empty search path
 * pg_get_viewdef qualifies every name. Runs on PostgreSQL 14 and later.
 */
export const SNAPSHOT_SQL = `
with recursive objects (class, id, schema, name, is_part) as materialized (
  select 'pg_class'::regclass, c.oid, n.nspname, c.relname, false
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
   where c.oid >= 16384 and c.relkind in ('r', 'p', 'v', 'm', 'f', 'S', 'c')
  union all
  select 'pg_proc'::regclass, p.oid, n.nspname, p.proname, false
    from pg_proc p join pg_namespace n on n.oid = p.pronamespace where p.oid >= 16384
  union all
  select 'pg_type'::regclass, t.oid, n.nspname, coalesce(e.typname, t.typname), false
    from pg_type t left join pg_type e on e.typarray = t.oid
    join pg_namespace n on n.oid = t.typnamespace where t.oid >= 16384
  union all
  select 'pg_rewrite'::regclass, r.oid, n.nspname, c.relname, r.rulename <> '_RETURN'
    from pg_rewrite r join pg_class c on c.oid = r.ev_class join pg_namespace n on n.oid = c.relnamespace
  union all
  select 'pg_attrdef'::regclass, d.oid, n.nspname, c.relname, true
    from pg_attrdef d join pg_class c on c.oid = d.adrelid join pg_namespace n on n.oid = c.relnamespace
  union all
  select 'pg_constraint'::regclass, k.oid, n.nspname, c.relname, true
    from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace
   where k.contype not in ('p', 'u', 'n', 'c')
  union all
  select 'pg_trigger'::regclass, g.oid, n.nspname, c.relname, true
    from pg_trigger g join pg_class c on c.oid = g.tgrelid join pg_namespace n on n.oid = c.relnamespace
  union all
  select 'pg_policy'::regclass, y.oid, n.nspname, c.relname, true
    from pg_policy y join pg_class c on c.oid = y.polrelid join pg_namespace n on n.oid = c.relnamespace
),
edges as (
  select distinct f.schema as when_schema, f.name as when_name, o.schema, o.name, bool_and(o.is_part) as is_part
    from pg_depend d
    join objects f on f.class = d.refclassid and f.id = d.refobjid
    join objects o on o.class = d.classid and o.id = d.objid
   where d.deptype in ('n', 'a', 'i', 'P', 'S') and d.refobjid >= 16384
     and (f.schema, f.name) <> (o.schema, o.name)
     and f.schema <> 'pg_toast' and o.schema <> 'pg_toast'
   group by 1, 2, 3, 4
),
keys as (
  select k.conrelid, k.conname, k.contype,
         (select json_agg(a.attname order by x.place)
            from unnest(k.conkey) with ordinality x(number, place)
            join pg_attribute a on a.attrelid = k.conrelid and a.attnum = x.number) as columns
    from pg_constraint k where k.contype in ('p', 'u', 'x')
),
attributes as (
  select attrelid, json_agg(attname order by attnum) as columns,
         json_agg(attname order by attnum) filter (where atttypid >= 16384) as custom
    from pg_attribute where attnum > 0 and not attisdropped and attrelid >= 16384 group by 1
),
arbiters as (select conrelid, json_object_agg(conname, columns) as columns from keys where columns is not null group by 1),
primaries as (select conrelid, columns from keys where contype = 'p'),
referenced as (
  select distinct k.confrelid, n.nspname, c.relname
    from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace
   where k.contype = 'f'
),
references_to as (
  select confrelid, json_agg(json_build_object('schema', nspname, 'name', relname)) as tables from referenced group by 1
),
parents as (
  select i.inhrelid, json_agg(json_build_object('schema', n.nspname, 'name', c.relname)) as tables
    from pg_inherits i join pg_class c on c.oid = i.inhparent join pg_namespace n on n.oid = c.relnamespace group by 1
),
bases as (
  select r.ev_class, json_agg(distinct jsonb_build_object('schema', n.nspname, 'name', c.relname)) as tables
    from pg_rewrite r
    join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid
                    and d.refclassid = 'pg_class'::regclass and d.refobjid <> r.ev_class
    join pg_class c on c.oid = d.refobjid join pg_namespace n on n.oid = c.relnamespace
   group by 1
),
over_settings (oid) as (
  select 'pg_catalog.pg_settings'::regclass::oid
  union
  select r.ev_class from over_settings s
    join pg_depend d on d.refclassid = 'pg_class'::regclass and d.refobjid = s.oid and d.classid = 'pg_rewrite'::regclass
    join pg_rewrite r on r.oid = d.objid
),
owners as (
  select coalesce(i.indexrelid, d.objid) as id, json_build_object('schema', n.nspname, 'name', c.relname) as owner
    from (select objid, refobjid from pg_depend
           where classid = 'pg_class'::regclass and refclassid = 'pg_class'::regclass and refobjsubid > 0
             and deptype in ('a', 'i')) d
    full join (select indexrelid, indrelid from pg_index) i on i.indexrelid = d.objid
    join pg_class c on c.oid = coalesce(i.indrelid, d.refobjid) join pg_namespace n on n.oid = c.relnamespace
),
invokers as (
  select oid from pg_class
   where relkind = 'v' and exists (
     select from pg_options_to_table(reloptions)
      where option_name = 'security_invoker' and lower(option_value) in ('true', 'on', 'yes', '1', 't', 'y'))
),
relations as (
  select json_strip_nulls(json_build_object(
           'schema', n.nspname, 'name', c.relname, 'kind', case c.relkind when 'I' then 'i' else c.relkind::text end,
           'columns', case when c.relkind in ('i', 'I', 'S') then null else coalesce(a.columns, '[]'::json) end,
           'customColumns', case when c.relkind not in ('i', 'I', 'S') then a.custom end, 'arbiters', k.columns, 'primaryKey', p.columns, 'referencedBy', f.tables, 'parents', h.tables,
           'rowSecurity', nullif(c.relrowsecurity, false),
           'invokerQuery', case when v.oid is not null then pg_get_viewdef(c.oid) end,
           'invokerBases', case when v.oid is not null then b.tables end,
           'overSettings', case when w.oid is not null then true end,
           'of', case when c.relkind in ('i', 'I', 'S') then o.owner end)) as relation
    from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    left join attributes a on a.attrelid = c.oid
    left join arbiters k on k.conrelid = c.oid
    left join primaries p on p.conrelid = c.oid
    left join references_to f on f.confrelid = c.oid
    left join parents h on h.inhrelid = c.oid
    left join invokers v on v.oid = c.oid
    left join over_settings w on w.oid = c.oid
    left join bases b on b.ev_class = c.oid and c.relkind = 'v'
    left join (select distinct on (id) id, owner from owners) o on o.id = c.oid
   where c.oid >= 16384 and c.relkind in ('r', 'p', 'v', 'm', 'f', 'S', 'c', 'i', 'I')
     and n.nspname !~ '^pg_(temp|toast)'
),
functions as (
  select json_strip_nulls(json_build_object(
           'schema', n.nspname, 'name', p.proname, 'kind', p.prokind::text, 'volatility', p.provolatile::text,
           'extension', x.extname, 'oids', json_agg(p.oid::int8 order by p.oid))) as function
    from pg_proc p
    join pg_namespace n on n.oid = p.pronamespace
    left join pg_depend d on d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e'
    left join pg_extension x on x.oid = d.refobjid
   where p.oid >= 16384 and n.nspname !~ '^pg_temp'
   group by n.nspname, p.proname, p.prokind, p.provolatile, x.extname
   order by n.nspname, p.proname, p.prokind, p.provolatile, x.extname
)
select json_build_object(
  'version', 1,
  'serverVersion', current_setting('server_version_num')::int,
  'database', current_database(),
  'schemas', (select coalesce(json_agg(nspname), '[]') from pg_namespace
               where nspname !~ '^pg_(temp|toast)' and nspname not in ('pg_catalog', 'information_schema')),
  'relations', (select coalesce(json_agg(relation), '[]') from relations),
  'functions', (select coalesce(json_agg(function), '[]') from functions),
  'operators', (select coalesce(json_agg(json_build_object(
                  'schema', n.nspname, 'name', o.oprname,
                  'function', json_build_object('schema', fn.nspname, 'name', p.proname))), '[]')
                  from pg_operator o join pg_namespace n on n.oid = o.oprnamespace
                  join pg_proc p on p.oid = o.oprcode join pg_namespace fn on fn.oid = p.pronamespace
                 where o.oid >= 16384),
  'casts', (select coalesce(json_agg(json_build_object(
              'target', json_build_object('schema', n.nspname, 'name', t.typname),
              'source', json_build_object('schema', sn.nspname, 'name', st.typname),
              'function', json_build_object('schema', fn.nspname, 'name', p.proname))), '[]')
              from pg_cast c join pg_type t on t.oid = c.casttarget join pg_namespace n on n.oid = t.typnamespace
              join pg_type st on st.oid = c.castsource join pg_namespace sn on sn.oid = st.typnamespace
              join pg_proc p on p.oid = c.castfunc join pg_namespace fn on fn.oid = p.pronamespace
             where p.oid >= 16384),
  'types', (select coalesce(json_agg(json_strip_nulls(json_build_object(
              'schema', n.nspname, 'name', t.typname,
              'base', case when b.oid is not null then json_build_object('schema', bn.nspname, 'name', b.typname) end))), '[]')
              from pg_type t join pg_namespace n on n.oid = t.typnamespace
              left join pg_class c on c.oid = t.typrelid
              left join pg_type b on b.oid = t.typbasetype left join pg_namespace bn on bn.oid = b.typnamespace
             where t.oid >= 16384 and (t.typrelid = 0 or c.relkind = 'c') and n.nspname !~ '^pg_(temp|toast)'
               and not exists (select from pg_type e where e.typarray = t.oid)),
  'dependencies', (select coalesce(json_agg(json_strip_nulls(json_build_object(
                     'when', json_build_object('schema', when_schema, 'name', when_name),
                     'object', json_build_object('schema', schema, 'name', name),
                     'isPart', nullif(is_part, false)))), '[]') from edges)
)::text as snapshot
`

/**
 * The statement with an empty search path: one round trip. The statements of one Query are a transaction of their
 * own, so that nothing of the session stays changed, whether they succeed or fail.
 */
export const SNAPSHOT_SCRIPT = `set local search_path = ''; set local jit = off; ${SNAPSHOT_SQL}`
