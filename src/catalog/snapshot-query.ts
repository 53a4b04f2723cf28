const SETTINGS = "set local search_path = ''; set local jit = off;"

/** What the snapshot is made from. */
const SOURCES =
  'pg_attrdef pg_attribute pg_cast pg_class pg_constraint pg_depend pg_extension pg_index pg_inherits pg_namespace pg_operator pg_policy pg_proc pg_rewrite pg_trigger pg_type'

/**
 * A text that differs once any row of these catalogs was made, changed or taken away: every row that is seen counts
 * with its place and with the transaction that made it. (What changes in place, PostgreSQL's heap_inplace_update, is
 * statistics alone.) Reads them once, without sorting or joining: a tenth of the snapshot's own cost.
 */
const FINGERPRINT = `select concat_ws(' ', ${SOURCES.split(' ')
  .map(
    (one) =>
      `(select concat(count(*), ':', sum(hash_record_extended(row(ctid, xmin), 0))) from ${one}${one === 'pg_attribute' ? ' where attnum > 0' : ''})`,
  )
  .join(', ')})`

/**
 * A text that is the same only while exactly the same transactions count as done on the same server, so that nothing
 * can have changed. A standby does not list all that still run: there it never is.
 */
const MOMENT = `select concat_ws(' ', pg_current_snapshot(), extract(epoch from pg_postmaster_start_time()),
  (select oid from pg_database where datname = current_database()),
  case when pg_is_in_recovery() then gen_random_uuid() end)`

/** What can depend on something by a name of its own, or as a part of a relation. */
const OBJECT_CLASSES = 'pg_class pg_proc pg_type pg_rewrite pg_attrdef pg_constraint pg_trigger pg_policy'
  .split(' ')
  .map((one) => `'${one}'::regclass`)
  .join(', ')

/** Relations, functions and dependencies come in pieces of so many, so that none takes long to read. */
const PIECE = 200

/**
 * One statement that gives the snapshot of a database in the form of CatalogSnapshot, as rows of two texts: the name of
 * a list, and a piece of it as a JSON array; beside the lists `facts`, an object with the fields that are none.
 *
 * Only the system catalogs are read, which every role may. Objects with OIDs below 16384 came with the server and
 * are known from the curated lists (FirstNormalObjectId, PostgreSQL's access/transam.h). With an empty search path
 * pg_get_viewdef qualifies every name. Runs on PostgreSQL 14 and later.
 *
 * Of pg_depend, which is the longest, nearly all rows tie a part to its own relation (a row type, an array type, an
 * index, a default, a TOAST table): they are left out before anything is joined.
 */
const snapshotSql = (fingerprint: string) => `
with recursive depends as materialized (
  select d.refclassid, d.refobjid, d.classid, d.objid
    from pg_depend d
   where d.deptype in ('n', 'a', 'i', 'P', 'S') and d.refobjid >= 16384
     and d.refclassid in (${OBJECT_CLASSES}) and d.classid in (${OBJECT_CLASSES})
     and not (d.classid = 'pg_attrdef'::regclass and d.deptype = 'a')
     and not (d.classid = 'pg_type'::regclass and d.refclassid = 'pg_class'::regclass and d.deptype = 'i')
     and not (d.classid = 'pg_type'::regclass and (d.refobjid, d.objid) in (select oid, typarray from pg_type))
     and not (d.classid = 'pg_class'::regclass
              and d.objid in (select oid from pg_class where relkind in ('i', 'I', 't')))
     and not (d.classid = 'pg_constraint'::regclass
              and d.objid in (select oid from pg_constraint where contype in ('p', 'u', 'n', 'c')))
),
ids as materialized (
  select refclassid as class, refobjid as id from depends union select classid, objid from depends
),
objects (class, id, schema, name, is_part) as materialized (
  select i.class, i.id, n.nspname, c.relname, false
    from ids i join pg_class c on i.class = 'pg_class'::regclass and c.oid = i.id
    join pg_namespace n on n.oid = c.relnamespace
   where c.oid >= 16384 and c.relkind in ('r', 'p', 'v', 'm', 'f', 'S', 'c')
  union all
  select i.class, i.id, n.nspname, p.proname, false
    from ids i join pg_proc p on i.class = 'pg_proc'::regclass and p.oid = i.id
    join pg_namespace n on n.oid = p.pronamespace where p.oid >= 16384
  union all
  select i.class, i.id, n.nspname, coalesce(e.typname, t.typname), false
    from ids i join pg_type t on i.class = 'pg_type'::regclass and t.oid = i.id
    left join pg_type e on e.typarray = t.oid
    join pg_namespace n on n.oid = t.typnamespace where t.oid >= 16384
  union all
  select i.class, i.id, n.nspname, c.relname, r.rulename <> '_RETURN'
    from ids i join pg_rewrite r on i.class = 'pg_rewrite'::regclass and r.oid = i.id
    join pg_class c on c.oid = r.ev_class join pg_namespace n on n.oid = c.relnamespace
  union all
  select i.class, i.id, n.nspname, c.relname, true
    from ids i join pg_attrdef d on i.class = 'pg_attrdef'::regclass and d.oid = i.id
    join pg_class c on c.oid = d.adrelid join pg_namespace n on n.oid = c.relnamespace
  union all
  select i.class, i.id, n.nspname, c.relname, true
    from ids i join pg_constraint k on i.class = 'pg_constraint'::regclass and k.oid = i.id
    join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace
  union all
  select i.class, i.id, n.nspname, c.relname, true
    from ids i join pg_trigger g on i.class = 'pg_trigger'::regclass and g.oid = i.id
    join pg_class c on c.oid = g.tgrelid join pg_namespace n on n.oid = c.relnamespace
  union all
  select i.class, i.id, n.nspname, c.relname, true
    from ids i join pg_policy y on i.class = 'pg_policy'::regclass and y.oid = i.id
    join pg_class c on c.oid = y.polrelid join pg_namespace n on n.oid = c.relnamespace
),
edges as (
  select f.schema as when_schema, f.name as when_name, o.schema, o.name, bool_and(o.is_part) as is_part
    from depends d
    join objects f on f.class = d.refclassid and f.id = d.refobjid
    join objects o on o.class = d.classid and o.id = d.objid
   where (f.schema, f.name) <> (o.schema, o.name) and f.schema <> 'pg_toast' and o.schema <> 'pg_toast'
   group by 1, 2, 3, 4
),
keys as (
  select k.conrelid, k.conname, k.contype, json_agg(a.attname order by x.place) as columns
    from pg_constraint k cross join lateral unnest(k.conkey) with ordinality x (number, place)
    join pg_attribute a on a.attrelid = k.conrelid and a.attnum = x.number
   where k.contype in ('p', 'u', 'x') group by 1, 2, 3
),
attributes as (
  select attrelid, json_agg(attname order by attnum) as columns,
         json_agg(attname order by attnum) filter (where atttypid >= 16384) as custom
    from pg_attribute where attnum > 0 and not attisdropped and attrelid >= 16384 group by 1
),
arbiters as (select conrelid, json_object_agg(conname, columns) as columns from keys group by 1),
primaries as (select conrelid, columns from keys where contype = 'p'),
referenced as (
  select distinct k.confrelid, n.nspname, c.relname
    from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace
   where k.contype = 'f'
),
references_to as (
  select confrelid, json_agg(json_build_object('schema', nspname, 'name', relname) order by nspname, relname) as tables
    from referenced group by 1
),
parents as (
  select i.inhrelid, json_agg(json_build_object('schema', n.nspname, 'name', c.relname) order by i.inhseqno) as tables
    from pg_inherits i join pg_class c on c.oid = i.inhparent join pg_namespace n on n.oid = c.relnamespace group by 1
),
bases as (
  select r.ev_class, json_agg(distinct jsonb_build_object('schema', n.nspname, 'name', c.relname)) as tables
    from pg_rewrite r
    join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid
                    and d.refclassid = 'pg_class'::regclass and d.refobjid <> r.ev_class
    join pg_class c on c.oid = d.refobjid join pg_namespace n on n.oid = c.relnamespace
   where r.ev_class >= 16384
   group by 1
),
over_settings (oid) as (
  select 'pg_catalog.pg_settings'::regclass::oid
  union
  select r.ev_class from over_settings s
    join pg_depend d on d.refclassid = 'pg_class'::regclass and d.refobjid = s.oid and d.classid = 'pg_rewrite'::regclass
    join pg_rewrite r on r.oid = d.objid
),
owners (id, owner) as (
  select indexrelid, indrelid from pg_index
  union all
  select d.objid, min(d.refobjid)
    from pg_class s join pg_depend d on d.objid = s.oid
   where s.relkind = 'S' and d.classid = 'pg_class'::regclass and d.refclassid = 'pg_class'::regclass
     and d.refobjsubid > 0 and d.deptype in ('a', 'i')
   group by 1
),
invokers as (
  select oid from pg_class
   where relkind = 'v' and exists (
     select from pg_options_to_table(reloptions)
      where option_name = 'security_invoker' and option_value::boolean)
),
relations as (
  select c.oid, concat(
           '{"schema":', to_json(n.nspname), ',"name":', to_json(c.relname),
           ',"kind":', case c.relkind when 'I' then '"i"' else to_json(c.relkind::text)::text end,
           case when c.relkind in ('i', 'I', 'S') then ',"of":' || o.of
                else concat(',"columns":', coalesce(a.columns, '[]'), ',"customColumns":' || a.custom) end,
           ',"arbiters":' || k.columns, ',"primaryKey":' || p.columns,
           ',"referencedBy":' || f.tables, ',"parents":' || h.tables,
           case when c.relrowsecurity then ',"rowSecurity":true' end,
           case when v.oid is not null then
             concat(',"invokerQuery":', to_json(pg_get_viewdef(c.oid)), ',"invokerBases":' || b.tables) end,
           case when w.oid is not null then ',"overSettings":true' end, '}') as json
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
    left join (select i.id, concat('{"schema":', to_json(m.nspname), ',"name":', to_json(t.relname), '}') as of
                 from owners i join pg_class t on t.oid = i.owner join pg_namespace m on m.oid = t.relnamespace
                where i.id >= 16384) o on o.id = c.oid
   where c.oid >= 16384 and c.relkind in ('r', 'p', 'v', 'm', 'f', 'S', 'c', 'i', 'I')
     and n.nspname !~ '^pg_(temp|toast)'
),
functions as (
  select n.nspname, p.proname, p.prokind, p.provolatile, x.extname, json_strip_nulls(json_build_object(
           'schema', n.nspname, 'name', p.proname, 'kind', p.prokind::text, 'volatility', p.provolatile::text,
           'extension', x.extname, 'oids', json_agg(p.oid::int8 order by p.oid)))::text as json
    from pg_proc p
    join pg_namespace n on n.oid = p.pronamespace
    left join pg_depend d on d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e'
    left join pg_extension x on x.oid = d.refobjid
   where p.oid >= 16384 and n.nspname !~ '^pg_temp'
   group by n.nspname, p.proname, p.prokind, p.provolatile, x.extname
),
items (list, place, json) as (
  select 'schemas', 0, to_json(nspname)::text from pg_namespace
   where nspname !~ '^pg_(temp|toast)' and nspname not in ('pg_catalog', 'information_schema')
  union all
  select 'relations', row_number() over (order by oid), json from relations
  union all
  select 'functions', row_number() over (order by nspname, proname, prokind, provolatile, extname), json
    from functions
  union all
  select 'operators', 0, json_build_object('schema', n.nspname, 'name', o.oprname,
           'function', json_build_object('schema', fn.nspname, 'name', p.proname))::text
    from pg_operator o join pg_namespace n on n.oid = o.oprnamespace
    join pg_proc p on p.oid = o.oprcode join pg_namespace fn on fn.oid = p.pronamespace
   where o.oid >= 16384
  union all
  select 'casts', 0, json_build_object('target', json_build_object('schema', n.nspname, 'name', t.typname),
           'source', json_build_object('schema', sn.nspname, 'name', st.typname),
           'function', json_build_object('schema', fn.nspname, 'name', p.proname))::text
    from pg_cast c join pg_type t on t.oid = c.casttarget join pg_namespace n on n.oid = t.typnamespace
    join pg_type st on st.oid = c.castsource join pg_namespace sn on sn.oid = st.typnamespace
    join pg_proc p on p.oid = c.castfunc join pg_namespace fn on fn.oid = p.pronamespace
   where p.oid >= 16384
  union all
  select 'types', 0, json_strip_nulls(json_build_object('schema', n.nspname, 'name', t.typname,
           'base', case when b.oid is not null then json_build_object('schema', bn.nspname, 'name', b.typname) end))::text
    from pg_type t join pg_namespace n on n.oid = t.typnamespace
    left join pg_class c on c.oid = t.typrelid
    left join pg_type b on b.oid = t.typbasetype left join pg_namespace bn on bn.oid = b.typnamespace
   where t.oid >= 16384 and (t.typrelid = 0 or c.relkind = 'c') and n.nspname !~ '^pg_(temp|toast)'
     and not exists (select from pg_type e where e.typarray = t.oid)
  union all
  select 'dependencies', row_number() over (order by when_schema, when_name, schema, name),
         json_strip_nulls(json_build_object(
           'when', json_build_object('schema', when_schema, 'name', when_name),
           'object', json_build_object('schema', schema, 'name', name),
           'isPart', nullif(is_part, false)))::text
    from edges
)
select 'facts', json_build_object('serverVersion', current_setting('server_version_num')::int,
                                  'database', current_database(), 'moment', (${MOMENT}), 'fingerprint', (${fingerprint}))::text
union all
(select list, '[' || string_agg(json, ',' order by place, json) || ']'
   from items group by list, place / ${PIECE} order by list, place / ${PIECE})
`

/**
 * The statement with an empty search path: one round trip. The statements of one Query are a transaction of their
 * own, so that nothing of the session stays changed, whether they succeed or fail.
 *
 * A fingerprint may be given that is known already: taken before, it can only differ once more than it has to.
 */
export function snapshotScript(fingerprint?: string): string {
  return `${SETTINGS} ${snapshotSql(fingerprint === undefined ? FINGERPRINT : `select ${literal(fingerprint)}`)}`
}

/** Where a snapshot stands now: its moment, and its fingerprint unless that is still the moment given. */
export function stateScript(moment: string): string {
  return `${SETTINGS} select m, case when m <> ${literal(moment)} then (${FINGERPRINT}) end from (${MOMENT}) x (m)`
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}
