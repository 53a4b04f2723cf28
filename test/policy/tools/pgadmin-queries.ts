import type { SentQuery } from './sent-query.ts'

const SCHEMA = '<<regnamespace:sales>>'
const TABLE = '<<regclass:sales.orders>>'
const IS_CATALOG = `(nsp.nspname = 'pg_catalog' AND EXISTS
     (SELECT 1 FROM pg_catalog.pg_class WHERE relname = 'pg_class' AND relnamespace = nsp.oid LIMIT 1)) OR
    (nsp.nspname = 'pgagent' AND EXISTS
     (SELECT 1 FROM pg_catalog.pg_class WHERE relname = 'pga_job' AND relnamespace = nsp.oid LIMIT 1)) OR
    (nsp.nspname = 'information_schema' AND EXISTS
     (SELECT 1 FROM pg_catalog.pg_class WHERE relname = 'tables' AND relnamespace = nsp.oid LIMIT 1))`
const OF_APP = 'datname = (SELECT datname FROM pg_catalog.pg_database WHERE oid = <<database>>)'
const charts: Readonly<Record<string, readonly string[]>> = {
  tps_stats: ['sum(xact_commit) + sum(xact_rollback)', 'sum(xact_commit)', 'sum(xact_rollback)'],
  ti_stats: ['sum(tup_inserted)', 'sum(tup_updated)', 'sum(tup_deleted)'],
  to_stats: ['sum(tup_fetched)', 'sum(tup_returned)'],
  bio_stats: ['sum(blks_read)', 'sum(blks_hit)'],
}
/** The dashboard's graphs, in one query, every few seconds; of the server or of one database. */
const graphs = (where: string) =>
  [
    `/*pga4dash*/ SELECT 'session_stats' AS chart_name, pg_catalog.row_to_json(t) AS chart_data FROM (SELECT
      (SELECT count(*) FROM pg_catalog.pg_stat_activity WHERE ${where}) AS "Total",
      (SELECT count(*) FROM pg_catalog.pg_stat_activity WHERE state = 'active' AND ${where}) AS "Active",
      (SELECT count(*) FROM pg_catalog.pg_stat_activity WHERE state = 'idle' AND ${where}) AS "Idle") t`,
    ...Object.entries(charts).map(([chart, sums]) => {
      const columns = sums.map((sum, i) => `(SELECT ${sum} FROM pg_catalog.pg_stat_database WHERE ${where}) AS "${i}"`)
      return `SELECT '${chart}' AS chart_name, pg_catalog.row_to_json(t) AS chart_data FROM (SELECT ${columns.join(', ')}) t`
    }),
  ].join(' UNION ALL ')

const options = (of: string, prefix: string) =>
  `substring(pg_catalog.array_to_string(${of}.reloptions, ',') FROM 'fillfactor=([0-9]*)') AS ${prefix}fillfactor,
    (substring(pg_catalog.array_to_string(${of}.reloptions, ',') FROM 'autovacuum_enabled=([a-z|0-9]*)'))::BOOL AS ${prefix}autovacuum`

/**
 * What pgAdmin 4 asks as it connects, for its dashboard, and for its tree from the server down to a table. It does not run
 * here: written after its source and its templates, with their catalogs, columns, functions, casts and joins, in our words.
 * @see pgadmin-org/pgadmin4, web/pgadmin: utils/driver/psycopg3/connection.py at 05c6e45a21b5;
 *   browser/server_groups/servers/templates/servers/sql/default/replication_type.sql at 41b6841714495,
 *   connect/sql/default/check_recovery.sql at 41b684171449; dashboard/templates/dashboard/sql/default at 59446bb4b5fd;
 *   servers/databases/templates/databases/sql/default/nodes.sql at 1e7517dc987e and stats.sql at 6d05302ca106;
 *   databases/schemas/templates/schemas/pg/default/sql at 70e3e55f0790; schemas/tables/templates/tables/sql/12_plus at 18277543b6c7
 * @see lhgravendeel/memgres, memgres-core/src/test/java/com/memgres/client/DbToolFullSessionTest.java at 460e1f82f6c9
 */
export const PGADMIN_QUERIES: readonly SentQuery[] = [
  // One Query as the connection opens.
  `SET DateStyle=ISO; SET client_min_messages=notice;
   SELECT set_config('bytea_output','hex',false) FROM pg_settings WHERE name = 'bytea_output'; SET client_encoding='UTF8';`,
  `SET DateStyle=ISO; SET client_min_messages=notice;
   SELECT set_config('bytea_output','hex',false) FROM pg_show_all_settings() WHERE name = 'bytea_output'; SET client_encoding='utf-8';`,
  // The name of UTF8 that older clients send, JDBC drivers before 9.1 among them.
  "SET client_encoding='UNICODE'",
  'SHOW client_encoding',
  'SELECT version()',
  `SELECT db.oid as did, db.datname, db.datallowconn, pg_encoding_to_char(db.encoding) AS serverencoding,
          has_database_privilege(db.oid, 'CREATE') as cancreate, datistemplate
     FROM pg_catalog.pg_database db WHERE db.datname = current_database()`,
  'SELECT gss_authenticated, encrypted FROM pg_catalog.pg_stat_gssapi WHERE pid = pg_backend_pid()',
  `SELECT roles.oid as id, roles.rolname as name, roles.rolsuper as is_superuser,
          CASE WHEN roles.rolsuper THEN true ELSE roles.rolcreaterole END as can_create_role,
          CASE WHEN 'pg_signal_backend'=ANY(ARRAY(WITH RECURSIVE cte AS (
            SELECT pg_roles.oid,pg_roles.rolname FROM pg_roles WHERE pg_roles.oid = roles.oid
            UNION ALL SELECT m.roleid,pgr.rolname FROM cte cte_1
              JOIN pg_auth_members m ON m.member = cte_1.oid JOIN pg_roles pgr ON pgr.oid = m.roleid)
          SELECT rolname FROM cte)) THEN True ELSE False END as can_signal_backend
     FROM pg_catalog.pg_roles as roles WHERE rolname = current_user`,
  // Must give exactly one row: pgAdmin takes the first without looking, and does not connect without it.
  `SELECT CASE WHEN (SELECT count(extname) FROM pg_catalog.pg_extension WHERE extname='bdr') > 0 THEN 'pgd'
               WHEN (SELECT COUNT(*) FROM pg_replication_slots) > 0 THEN 'log' ELSE NULL END as type;`,
  `SELECT CASE WHEN usesuper THEN pg_catalog.pg_is_in_recovery() ELSE FALSE END as inrecovery,
          CASE WHEN usesuper AND pg_catalog.pg_is_in_recovery() THEN pg_is_wal_replay_paused() ELSE FALSE END as isreplaypaused
     FROM pg_catalog.pg_user WHERE usename=current_user`,
  `SELECT has_table_privilege('pgagent.pga_job', 'INSERT, SELECT, UPDATE') has_priviledge
    WHERE EXISTS(SELECT has_schema_privilege('pgagent', 'USAGE') WHERE EXISTS(
      SELECT cl.oid FROM pg_catalog.pg_class cl LEFT JOIN pg_catalog.pg_namespace ns ON ns.oid=relnamespace
       WHERE relname='pga_job' AND nspname='pgagent'))`,
  // The dashboard.
  graphs('true'),
  graphs(OF_APP),
  `/*pga4dash*/ SELECT pid, locktype, datname, relation::regclass, page, tuple, virtualxid transactionid, classid::regclass, objid,
          objsubid, virtualtransaction, mode, granted, fastpath
     FROM pg_catalog.pg_locks l LEFT OUTER JOIN pg_catalog.pg_database d ON (l.database = d.oid) WHERE ${OF_APP} ORDER BY pid, locktype`,
  '/*pga4dash*/ SELECT name, category, setting, unit, short_desc FROM pg_catalog.pg_show_all_settings() ORDER BY category',
  // The tree, from the server down.
  `SELECT db.oid as did, db.datname as name, ta.spcname as spcname, db.datallowconn, db.datistemplate AS is_template,
          pg_catalog.has_database_privilege(db.oid, 'CREATE') as cancreate, datdba as owner, descr.description
     FROM pg_catalog.pg_database db LEFT OUTER JOIN pg_catalog.pg_tablespace ta ON db.dattablespace = ta.oid
     LEFT OUTER JOIN pg_catalog.pg_shdescription descr ON (db.oid=descr.objoid AND descr.classoid='pg_database'::regclass)
    WHERE db.oid > 16383::OID OR db.datname IN ('postgres', 'edb') ORDER BY datname`,
  `SELECT r.oid, r.rolname, r.rolcanlogin, r.rolsuper, d.description FROM pg_catalog.pg_roles r
     LEFT JOIN pg_catalog.pg_shdescription d ON d.objoid = r.oid AND d.classoid = 'pg_catalog.pg_authid'::regclass
    ORDER BY r.rolcanlogin, r.rolname`,
  `SELECT ts.oid AS oid, spcname AS name, spcowner as owner, pg_catalog.shobj_description(oid, 'pg_tablespace') AS description
     FROM pg_catalog.pg_tablespace ts ORDER BY name`,
  `SELECT * FROM (SELECT pg_catalog.pg_encoding_to_char(s.i) AS encoding
     FROM (SELECT pg_catalog.generate_series(0, 100, 1) as i) s) a WHERE encoding != '' ORDER BY encoding`,
  `SELECT CASE WHEN datlocprovider = 'i' THEN (SELECT datlocale as cname FROM pg_database WHERE datname = current_database())
          ELSE (SELECT datcollate as cname FROM pg_database WHERE datname = current_database()
                UNION SELECT datctype as cname FROM pg_database WHERE datname = current_database()) END
     FROM pg_database WHERE datname = current_database()`,
  "SELECT name, vartype, min_val, max_val, enumvals FROM pg_catalog.pg_show_all_settings() WHERE context in ('user', 'superuser')",
  `SELECT db.oid AS did, db.datname AS name, spcname, pg_catalog.pg_encoding_to_char(encoding) AS encoding,
          pg_catalog.pg_get_userbyid(datdba) AS datowner, datconnlimit, pg_catalog.current_setting('default_tablespace') AS default_tablespace,
          descr.description AS comments, pg_catalog.array_to_string(datacl::text[], ', ') AS acl
     FROM pg_catalog.pg_database db LEFT OUTER JOIN pg_catalog.pg_tablespace ta ON db.dattablespace=ta.OID
     LEFT OUTER JOIN pg_catalog.pg_shdescription descr ON (db.oid=descr.objoid AND descr.classoid='pg_database'::regclass)
    WHERE db.oid = <<database>>::OID`,
  `SELECT numbackends, xact_commit, blks_read, tup_returned, stats_reset, s.confl_tablespace, s.confl_lock, s.confl_deadlock,
          pg_catalog.pg_size_pretty(pg_catalog.pg_database_size(db.datid))
     FROM pg_catalog.pg_stat_database db JOIN pg_catalog.pg_stat_database_conflicts s ON db.datid=s.datid
    WHERE db.datid = <<database>>::OID`,
  `SELECT nsp.oid, nsp.nspname as name, pg_catalog.has_schema_privilege(nsp.oid, 'CREATE') as can_create,
          pg_catalog.has_schema_privilege(nsp.oid, 'USAGE') as has_usage, des.description
     FROM pg_catalog.pg_namespace nsp LEFT OUTER JOIN pg_catalog.pg_description des
          ON (des.objoid=nsp.oid AND des.classoid='pg_namespace'::regclass)
    WHERE nspname NOT LIKE E'pg\\\\_%' AND NOT (${IS_CATALOG}) ORDER BY nspname`,
  `SELECT COUNT(*) FROM pg_catalog.pg_namespace nsp WHERE nspname NOT LIKE E'pg\\\\_%' AND NOT (${IS_CATALOG})`,
  `SELECT rel.oid, rel.relname AS name,
          (SELECT count(*) FROM pg_catalog.pg_trigger WHERE tgrelid=rel.oid AND tgisinternal = FALSE) AS triggercount,
          (SELECT count(*) FROM pg_catalog.pg_trigger WHERE tgrelid=rel.oid AND tgisinternal = FALSE AND tgenabled = 'O') AS enabled,
          (CASE WHEN rel.relkind = 'p' THEN true ELSE false END) AS is_partitioned,
          (SELECT count(1) FROM pg_catalog.pg_inherits WHERE inhrelid=rel.oid LIMIT 1) as is_inherits,
          (SELECT count(1) FROM pg_catalog.pg_inherits WHERE inhparent=rel.oid LIMIT 1) as is_inherited, des.description
     FROM pg_catalog.pg_class rel
     LEFT OUTER JOIN pg_catalog.pg_description des ON (des.objoid=rel.oid AND des.objsubid=0 AND des.classoid='pg_class'::regclass)
    WHERE rel.relkind IN ('r','s','t','p') AND rel.relnamespace = ${SCHEMA}::oid AND NOT rel.relispartition ORDER BY rel.relname`,
  `SELECT rel.oid, rel.relname AS name, rel.reltablespace AS spcoid, rel.relacl AS relacl_str,
          (CASE WHEN length(spc.spcname::text) > 0 OR rel.relkind = 'p' THEN spc.spcname ELSE
             (SELECT sp.spcname FROM pg_catalog.pg_database dtb JOIN pg_catalog.pg_tablespace sp ON dtb.dattablespace=sp.oid
               WHERE dtb.oid = <<database>>::oid) END) as spcname,
          (select nspname FROM pg_catalog.pg_namespace WHERE oid = ${SCHEMA}::oid) as schema,
          pg_catalog.pg_get_userbyid(rel.relowner) AS relowner, rel.relkind, rel.relhassubclass, rel.reltuples::bigint, des.description,
          con.conname, con.conkey,
          EXISTS(select 1 FROM pg_catalog.pg_trigger JOIN pg_catalog.pg_proc pt ON pt.oid=tgfoid AND pt.proname='logtrigger'
                   JOIN pg_catalog.pg_proc pc ON pc.pronamespace=pt.pronamespace AND pc.proname='slonyversion'
                  WHERE tgrelid=rel.oid) AS isrepl,
          (SELECT ARRAY(SELECT CASE WHEN (nspname NOT LIKE 'pg\\_%') THEN
                    pg_catalog.quote_ident(nspname)||'.'||pg_catalog.quote_ident(c.relname) ELSE pg_catalog.quote_ident(c.relname) END
             FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class c ON c.oid = i.inhparent
             JOIN pg_catalog.pg_namespace n ON n.oid=c.relnamespace WHERE i.inhrelid = rel.oid ORDER BY inhseqno)) AS coll_inherits,
          (CASE WHEN rel.relpersistence = 'u' THEN true ELSE false END) AS relpersistence,
          ${options('rel', '')}, ${options('tst', 'toast_')},
          rel.reloptions AS reloptions, tst.reloptions AS toast_reloptions, rel.reloftype, typ.typrelid AS typoid,
          rel.relrowsecurity as rlspolicy, rel.relforcerowsecurity as forcerlspolicy,
          (SELECT pg_catalog.array_agg(provider || '=' || label) FROM pg_catalog.pg_seclabels sl1 WHERE sl1.objoid=rel.oid AND sl1.objsubid=0)
            AS seclabels,
          (CASE WHEN rel.relkind = 'p' THEN pg_catalog.pg_get_partkeydef(${TABLE}::oid) ELSE '' END) AS partition_scheme
     FROM pg_catalog.pg_class rel LEFT OUTER JOIN pg_catalog.pg_tablespace spc on spc.oid=rel.reltablespace
     LEFT OUTER JOIN pg_catalog.pg_description des ON (des.objoid=rel.oid AND des.objsubid=0 AND des.classoid='pg_class'::regclass)
     LEFT OUTER JOIN pg_catalog.pg_constraint con ON con.conrelid=rel.oid AND con.contype='p'
     LEFT OUTER JOIN pg_catalog.pg_class tst ON tst.oid = rel.reltoastrelid LEFT JOIN pg_catalog.pg_type typ ON rel.reloftype=typ.oid
    WHERE rel.relkind IN ('r','s','t','p') AND rel.relnamespace = ${SCHEMA}::oid AND NOT rel.relispartition AND rel.oid = ${TABLE}::oid
    ORDER BY rel.relname`,
  `SELECT att.attname as name, att.*, def.*, pg_catalog.pg_get_expr(def.adbin, def.adrelid) AS defval,
          CASE WHEN att.attndims > 0 THEN 1 ELSE 0 END AS isarray, pg_catalog.format_type(ty.oid,NULL) AS typname,
          pg_catalog.format_type(ty.oid,att.atttypmod) AS displaytypname, tn.nspname as typnspname, et.typname as elemtypname,
          cl.relname, na.nspname, att.attstattarget, description, cs.relname AS sername, ns.nspname AS serschema,
          (SELECT count(1) FROM pg_catalog.pg_type t2 WHERE t2.typname=ty.typname) > 1 AS isdup, indkey, coll.collname,
          nspc.nspname as collnspname, EXISTS(SELECT 1 FROM pg_catalog.pg_constraint WHERE conrelid=att.attrelid AND contype='f'
                                                 AND att.attnum=ANY(conkey)) As is_fk,
          (SELECT pg_catalog.array_agg(provider || '=' || label) FROM pg_catalog.pg_seclabels sl1
            WHERE sl1.objoid=att.attrelid AND sl1.objsubid=att.attnum) AS seclabels, seq.*
     FROM pg_catalog.pg_attribute att JOIN pg_catalog.pg_type ty ON ty.oid=atttypid JOIN pg_catalog.pg_namespace tn ON tn.oid=ty.typnamespace
     JOIN pg_catalog.pg_class cl ON cl.oid=att.attrelid JOIN pg_catalog.pg_namespace na ON na.oid=cl.relnamespace
     LEFT OUTER JOIN pg_catalog.pg_type et ON et.oid=ty.typelem
     LEFT OUTER JOIN pg_catalog.pg_attrdef def ON adrelid=att.attrelid AND adnum=att.attnum
     LEFT OUTER JOIN pg_catalog.pg_description des ON (des.objoid=att.attrelid AND des.objsubid=att.attnum AND des.classoid='pg_class'::regclass)
     LEFT OUTER JOIN (pg_catalog.pg_depend dep JOIN pg_catalog.pg_class cs ON dep.classid='pg_class'::regclass AND dep.objid=cs.oid
                      AND cs.relkind='S') ON dep.refobjid=att.attrelid AND dep.refobjsubid=att.attnum
     LEFT OUTER JOIN pg_catalog.pg_namespace ns ON ns.oid=cs.relnamespace
     LEFT OUTER JOIN pg_catalog.pg_index pi ON pi.indrelid=att.attrelid AND indisprimary
     LEFT OUTER JOIN pg_catalog.pg_collation coll ON att.attcollation=coll.oid
     LEFT OUTER JOIN pg_catalog.pg_namespace nspc ON coll.collnamespace=nspc.oid
     LEFT OUTER JOIN pg_catalog.pg_sequence seq ON cs.oid=seq.seqrelid
    WHERE att.attrelid = ${TABLE}::oid AND att.attnum > 0 AND att.attisdropped IS FALSE ORDER BY att.attnum`,
  `SELECT seq_scan, seq_tup_read, idx_scan, n_tup_ins, n_live_tup, heap_blks_read, last_vacuum, autovacuum_count,
          pg_catalog.pg_size_pretty(pg_catalog.pg_relation_size(stat.relid) + CASE WHEN cl.reltoastrelid = 0 THEN 0
            ELSE pg_catalog.pg_relation_size(cl.reltoastrelid) END) AS size
     FROM pg_catalog.pg_stat_all_tables stat JOIN pg_catalog.pg_statio_all_tables statio ON stat.relid = statio.relid
     JOIN pg_catalog.pg_class cl ON cl.oid=stat.relid WHERE stat.relid = ${TABLE}::oid`,
].map((sql) => ({ sql }))

/** The dashboard's tables of sessions, prepared transactions and replication, denied: they show other people's statements. */
export const PGADMIN_QUERIES_KEPT_OUT: readonly SentQuery[] = [
  `/*pga4dash*/ SELECT pid, datname, usename, application_name, client_addr,
          pg_catalog.to_char(backend_start, 'YYYY-MM-DD HH24:MI:SS TZ') AS backend_start, state,
          wait_event_type || ': ' || wait_event AS wait_event, array_to_string(pg_catalog.pg_blocking_pids(pid), ', ') AS blocking_pids,
          query, backend_type
     FROM pg_catalog.pg_stat_activity WHERE ${OF_APP} ORDER BY pid`,
  `/*pga4dash*/ SELECT gid, database, owner, transaction, prepared FROM pg_catalog.pg_prepared_xacts ORDER BY gid, database, owner`,
  '/*pga4dash*/ SELECT * FROM pg_catalog.pg_stat_replication ORDER BY pid',
].map((sql) => ({ sql }))
