import type { SentQuery } from './sent-query.ts'

const inSchema = (sql: string): SentQuery => ({ sql, values: ['<<regnamespace:sales>>'] })
const ofTable = (sql: string): SentQuery => ({ sql, values: ['<<regclass:sales.orders>>'] })
const PARTS = `pg_catalog.pg_get_expr(c.relpartbound, c.oid) as partition_expr, pg_catalog.pg_get_partkeydef(c.oid) as partition_key`

/**
 * What DBeaver 25.1.5 asks as it connects (over pgjdbc, recorded on its own), and for its tree, a schema and a table. It
 * does not run here: written after its source, with its catalogs, columns, functions, casts and joins, in our words.
 * @see dbeaver/dbeaver, plugins/org.jkiss.dbeaver.ext.postgresql/src/org/jkiss/dbeaver/ext/postgresql/model:
 *   PostgreExecutionContext.java at 07d0df3f900b, PostgreDatabase.java and PostgreSchema.java at 001f621c6516
 * @see datafusion-contrib/datafusion-postgres, datafusion-postgres/tests/dbeaver.rs at 3cb9adce67bf: the start
 */
export const DBEAVER_QUERIES: readonly SentQuery[] = [
  ...[
    'SET extra_float_digits = 3',
    "SET application_name = 'DBeaver 25.1.5 - Main <app>'",
    'SELECT version()',
    'SELECT current_schema(),session_user',
    'SELECT current_database(), current_schema(),session_user',
    'SHOW search_path',
    'SET search_path = sales,"$user",public',
    'SHOW TRANSACTION ISOLATION LEVEL',
    "SELECT * FROM pg_catalog.pg_settings where name='standard_conforming_strings'",
    "select string_agg(word, ',') from pg_catalog.pg_get_keywords() where word <> ALL ('{a,abs,absolute,action}'::text[])",
    'SELECT * FROM pg_catalog.pg_enum WHERE 1<>1 LIMIT 1',
    'SELECT reltype FROM pg_catalog.pg_class WHERE 1<>1 LIMIT 1',
    `SELECT t.oid,t.*,c.relkind,format_type(nullif(t.typbasetype, 0), t.typtypmod) as base_type_name, d.description
       FROM pg_catalog.pg_type t LEFT OUTER JOIN pg_catalog.pg_type et ON et.oid=t.typelem
       LEFT OUTER JOIN pg_catalog.pg_class c ON c.oid=t.typrelid LEFT OUTER JOIN pg_catalog.pg_description d ON t.oid=d.objoid
      WHERE t.typname IS NOT NULL AND (c.relkind IS NULL OR c.relkind = 'c') AND (et.typcategory IS NULL OR et.typcategory <> 'C')`,
    `SELECT n.oid,n.*,d.description FROM pg_catalog.pg_namespace n LEFT OUTER JOIN pg_catalog.pg_description d
         ON d.objoid=n.oid AND d.objsubid=0 AND d.classoid='pg_namespace'::regclass ORDER BY nspname`,
    `SELECT a.oid,a.*,pd.description FROM pg_catalog.pg_roles a left join pg_catalog.pg_shdescription pd on a.oid = pd.objoid
      ORDER BY a.rolname`,
    'SELECT am.oid,am.* FROM pg_catalog.pg_am am ORDER BY am.oid',
    'SELECT l.oid,l.* FROM pg_catalog.pg_language l ORDER BY l.oid',
    'SELECT t.oid,t.*,pg_tablespace_location(t.oid) loc FROM pg_catalog.pg_tablespace t ORDER BY t.oid',
    `SELECT c.contoencoding as encid, pg_catalog.pg_encoding_to_char(c.contoencoding) as encname
       FROM pg_catalog.pg_conversion c GROUP BY c.contoencoding ORDER BY 2`,
    `SELECT l.oid,l.*,p.pronamespace as handler_schema_id FROM pg_catalog.pg_foreign_data_wrapper l
       LEFT OUTER JOIN pg_catalog.pg_proc p ON p.oid=l.fdwhandler ORDER BY l.fdwname`,
    'SELECT l.oid,l.* FROM pg_catalog.pg_foreign_server l ORDER BY l.srvname',
    'SELECT e.oid,e.* FROM pg_catalog.pg_event_trigger e',
  ].map((sql) => ({ sql })),
  { sql: 'SELECT db.oid,db.* FROM pg_catalog.pg_database db WHERE datname=$1', values: ['app'] },
  {
    sql: 'SELECT db.oid,db.* FROM pg_catalog.pg_database db WHERE datallowconn AND NOT datistemplate OR db.datname =$1 ORDER BY db.datname',
    values: ['app'],
  },
  {
    sql: 'select description from pg_shdescription join pg_database on objoid = pg_database.oid where datname = $1',
    values: ['app'],
  },
  { sql: 'SELECT s.oid as schema_id from pg_catalog.pg_namespace s WHERE s.nspname =$1', values: ['sales'] },
  inSchema(`SELECT c.oid,c.*,d.description,${PARTS} FROM pg_catalog.pg_class c
    LEFT OUTER JOIN pg_catalog.pg_description d ON d.objoid=c.oid AND d.objsubid=0 AND d.classoid='pg_class'::regclass
   WHERE c.relnamespace=$1 AND c.relkind not in ('i','I','c')`),
  inSchema(`SELECT c.relname,a.*,pg_catalog.pg_get_expr(ad.adbin, ad.adrelid, true) as def_value,dsc.description,dep.objid
    FROM pg_catalog.pg_attribute a INNER JOIN pg_catalog.pg_class c ON (a.attrelid=c.oid)
    LEFT OUTER JOIN pg_catalog.pg_attrdef ad ON (a.attrelid=ad.adrelid AND a.attnum = ad.adnum)
    LEFT OUTER JOIN pg_catalog.pg_description dsc ON (c.oid=dsc.objoid AND a.attnum = dsc.objsubid)
    LEFT OUTER JOIN pg_depend dep on dep.refobjid = a.attrelid AND dep.deptype = 'i' and dep.refobjsubid = a.attnum
         and dep.classid = dep.refclassid
   WHERE NOT a.attisdropped AND c.relkind not in ('i','I','c') AND c.relnamespace=$1 ORDER BY a.attnum`),
  inSchema(`select c.oid,pg_catalog.pg_total_relation_size(c.oid) as total_rel_size,pg_catalog.pg_relation_size(c.oid) as rel_size
    FROM pg_class c WHERE c.relnamespace=$1`),
  inSchema('SELECT * FROM pg_default_acl WHERE defaclnamespace = $1'),
  inSchema(`SELECT p.oid AS proc_oid,p.proname AS proc_name,a.* FROM pg_catalog.pg_aggregate a,pg_catalog.pg_proc p
   WHERE p.oid=a.aggfnoid AND p.pronamespace=$1 ORDER BY p.proname`),
  inSchema(`SELECT p.oid,p.*,pg_catalog.pg_get_expr(p.proargdefaults, 0) as arg_defaults,d.description
    FROM pg_catalog.pg_proc p LEFT OUTER JOIN pg_catalog.pg_description d ON d.objoid=p.oid
   WHERE p.pronamespace=$1 ORDER BY p.proname`),
  inSchema(`SELECT e.oid, cfg.tbls, e.* FROM pg_catalog.pg_extension e join pg_namespace n on n.oid =e.extnamespace
    left join (select ARRAY_AGG(ns.nspname || '.' || cls.relname) tbls, oid_ext
                 from (select unnest(e1.extconfig) oid, e1.oid oid_ext from pg_catalog.pg_extension e1) c
                 join pg_class cls on cls.oid = c.oid join pg_namespace ns on ns.oid = cls.relnamespace group by oid_ext) cfg
      on cfg.oid_ext = e.oid
   WHERE e.extnamespace=$1 ORDER BY e.oid`),
  ofTable(`SELECT c.oid,c.*,t.relname as tabrelname,rt.relnamespace as refnamespace,d.description,
         case when c.contype='c' then "substring"(pg_get_constraintdef(c.oid), 7) else null end consrc_copy
    FROM pg_catalog.pg_constraint c INNER JOIN pg_catalog.pg_class t ON t.oid=c.conrelid
    LEFT OUTER JOIN pg_catalog.pg_class rt ON rt.oid=c.confrelid
    LEFT OUTER JOIN pg_catalog.pg_description d ON d.objoid=c.oid AND d.objsubid=0 AND d.classoid='pg_constraint'::regclass
   WHERE c.conrelid=$1 ORDER BY c.oid`),
  ofTable('SELECT DISTINCT connamespace FROM pg_catalog.pg_constraint WHERE confrelid=$1'),
  ofTable(`SELECT i.*,i.indkey as keys,c.relname,c.relnamespace,c.relam,c.reltablespace,tc.relname as tabrelname,dsc.description,
         pg_catalog.pg_get_expr(i.indpred, i.indrelid) as pred_expr,pg_catalog.pg_get_expr(i.indexprs, i.indrelid, true) as expr,
         pg_catalog.pg_relation_size(i.indexrelid) as index_rel_size,pg_catalog.pg_stat_get_numscans(i.indexrelid) as index_num_scans
    FROM pg_catalog.pg_index i INNER JOIN pg_catalog.pg_class c ON c.oid=i.indexrelid
   INNER JOIN pg_catalog.pg_class tc ON tc.oid=i.indrelid LEFT OUTER JOIN pg_catalog.pg_description dsc ON i.indexrelid=dsc.objoid
   WHERE i.indrelid=$1 ORDER BY tabrelname, c.relname`),
  { sql: 'select pg_catalog.pg_get_indexdef($1, $2, true)', values: ['<<regclass:sales.orders_pkey>>', '1'] },
  ofTable(`SELECT i.*,c.relnamespace FROM pg_catalog.pg_inherits i,pg_catalog.pg_class c WHERE i.inhrelid=$1 AND c.oid=i.inhparent
   ORDER BY i.inhseqno`),
  ofTable(`SELECT x.oid,x.*,p.pronamespace as func_schema_id,d.description FROM pg_catalog.pg_trigger x
    LEFT OUTER JOIN pg_catalog.pg_proc p ON p.oid=x.tgfoid
    LEFT OUTER JOIN pg_catalog.pg_description d ON d.objoid=x.oid AND d.objsubid=0
   WHERE x.tgrelid = $1 AND NOT x.tgisinternal`),
  ofTable(`SELECT r.oid,r.*, pg_get_ruledef(r.oid) AS definition FROM pg_rewrite r
   WHERE r.ev_class=$1 AND r.rulename <> '_RETURN'::name`),
  { sql: 'select * from pg_catalog.pg_policies where schemaname=$1 and tablename=$2', values: ['hr', 'employees'] },
  { sql: 'SELECT pg_catalog.pg_get_viewdef($1, true)', values: ['<<regclass:sales.order_totals>>'] },
  ofTable(`SELECT DISTINCT dep.deptype, dep.classid, dep.objid, cl.relkind, attr.attname, pg_get_expr(ad.adbin, ad.adrelid) adefval,
         CASE WHEN cl.relkind IS NOT NULL THEN cl.relkind::text || COALESCE(dep.objsubid::text, '')::text
              WHEN tg.oid IS NOT NULL THEN 'T'::text WHEN co.oid IS NOT NULL THEN 'C'::text || contype::text ELSE '' END AS type,
         COALESCE(coc.relname, clrw.relname, tgr.relname) AS ownertable,
         COALESCE(cl.relname, co.conname, pr.proname, tg.tgname, ty.typname, la.lanname, rw.rulename, ns.nspname) AS refname
    FROM pg_depend dep LEFT JOIN pg_class cl ON dep.objid=cl.oid
    LEFT JOIN pg_attribute att ON dep.objid=att.attrelid AND dep.objsubid=att.attnum
    LEFT JOIN pg_proc pr ON dep.objid=pr.oid LEFT JOIN pg_trigger tg ON dep.objid=tg.oid LEFT JOIN pg_class tgr ON tg.tgrelid=tgr.oid
    LEFT JOIN pg_type ty ON dep.objid=ty.oid LEFT JOIN pg_constraint co ON dep.objid=co.oid LEFT JOIN pg_class coc ON co.conrelid=coc.oid
    LEFT JOIN pg_rewrite rw ON dep.objid=rw.oid LEFT JOIN pg_class clrw ON clrw.oid=rw.ev_class
    LEFT JOIN pg_language la ON dep.objid=la.oid LEFT JOIN pg_namespace ns ON dep.objid=ns.oid
    LEFT JOIN pg_attrdef ad ON ad.oid=dep.objid LEFT JOIN pg_attribute attr ON attr.attrelid=ad.adrelid and attr.attnum=ad.adnum
   WHERE dep.refobjid=$1 ORDER BY type`),
]

/** Opening a sequence, and its session manager: they show where a sequence stands, and other people's statements. */
export const DBEAVER_QUERIES_KEPT_OUT: readonly SentQuery[] = [
  {
    sql: 'SELECT * from pg_catalog.pg_sequences WHERE schemaname=$1 AND sequencename=$2',
    values: ['sales', 'orders_id_seq'],
  },
  { sql: 'SELECT sa.* FROM pg_catalog.pg_stat_activity sa' },
]
