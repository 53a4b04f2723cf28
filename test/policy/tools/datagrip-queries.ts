import type { SentQuery } from './sent-query.ts'

const SCHEMA = '<<regnamespace:sales>>'

/** Of one schema; the gate sees $1 for it. */
const of = (sql: string): SentQuery => ({ sql, values: [SCHEMA] })
/** The same, of what has changed since a transaction. */
const since = (sql: string): SentQuery => ({ sql, values: [SCHEMA, '1'] })
const CHANGED = 'pg_catalog.age($2::varchar::xid)'

/**
 * What DataGrip 2025.2.3 asks as it connects and as it introspects a schema. It does not run here, and its queries are
 * in no public source: written after what others saw of it on the wire, with its catalogs, columns, functions, casts and
 * joins, in our words.
 * @see datafusion-contrib/datafusion-postgres, datafusion-postgres/tests/datagrip.rs at 3555008d6bd5: the start
 * @see lhgravendeel/memgres, memgres-core/src/test/java/com/memgres/client/ClientQueryDiagnosticTest.java at 460e1f82f6c9
 */
export const DATAGRIP_QUERIES: readonly SentQuery[] = [
  ...[
    'SET extra_float_digits = 3',
    "SET application_name = ''",
    'select version()',
    "SET application_name = 'DataGrip 2025.2.3'",
    'select current_database() as a, current_schemas(false) as b',
    'select current_database(), current_schema(), current_user',
    'SHOW TRANSACTION ISOLATION LEVEL',
    'show DateStyle',
    "select round(extract(epoch from pg_postmaster_start_time() at time zone 'UTC')) as startup_time",
    `select l.transactionid::varchar::bigint from pg_catalog.pg_locks l
      where l.transactionid is not null order by pg_catalog.age(l.transactionid) desc limit 1`,
    `select case when pg_catalog.pg_is_in_recovery() then null
            else (pg_catalog.txid_current() % 4294967296)::varchar::bigint end`,
    `select d.oid::bigint, datname, c.description, datistemplate, datallowconn, pg_catalog.pg_get_userbyid(d.datdba)
       from pg_catalog.pg_database d left join pg_catalog.pg_shdescription c on d.oid = c.objoid
      order by case when datname = pg_catalog.current_database() then -1::bigint else d.oid::bigint end`,
    `select s.oid::bigint, s.xmin, nspname, c.description, pg_catalog.pg_get_userbyid(s.nspowner)
       from pg_catalog.pg_namespace s left join pg_catalog.pg_description c on s.oid = c.objoid
      order by case when nspname = pg_catalog.current_schema() then -1::bigint else s.oid::bigint end`,
    `select name, is_dst from pg_catalog.pg_timezone_names
      union distinct select abbrev, is_dst from pg_catalog.pg_timezone_abbrevs`,
    `select r.oid::bigint, rolname, rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolcanlogin, rolreplication,
            rolconnlimit, rolvaliduntil, rolbypassrls, rolconfig, c.description
       from pg_catalog.pg_roles r left join pg_catalog.pg_shdescription c on c.objoid = r.oid`,
    'select member id, roleid role_id, admin_option from pg_catalog.pg_auth_members order by id, roleid::text',
    `select t.oid::bigint, t.spcname, t.xmin, pg_catalog.pg_get_userbyid(t.spcowner),
            pg_catalog.pg_tablespace_location(t.oid), t.spcoptions, c.description
       from pg_catalog.pg_tablespace t left join pg_catalog.pg_shdescription c on c.objoid = t.oid`,
    `select t.oid, t.spcacl from pg_catalog.pg_tablespace t union all select d.oid, d.datacl from pg_catalog.pg_database d`,
    'select usesuper from pg_user where usename = current_user',
    'select ssl from pg_stat_ssl where pid = pg_backend_pid()',
    `select t.oid, t.xmin, t.evtname, t.evtevent, t.evtfoid, pg_catalog.pg_get_userbyid(t.evtowner), t.evttags,
            case when t.evtenabled = 'D' then 1 else 0 end from pg_catalog.pg_event_trigger t`,
    `select w.oid, w.xmin, w.fdwname, p.proname, n.nspname, v.proname, m.nspname, w.fdwoptions,
            pg_catalog.pg_get_userbyid(w.fdwowner)
       from pg_catalog.pg_foreign_data_wrapper w
       left outer join pg_catalog.pg_proc p on w.fdwhandler = p.oid
       left outer join pg_catalog.pg_namespace n on p.pronamespace = n.oid
       left outer join pg_catalog.pg_proc v on w.fdwvalidator = v.oid
       left outer join pg_catalog.pg_namespace m on v.pronamespace = m.oid`,
    `select s.oid, s.srvfdw, s.xmin, s.srvname, s.srvtype, s.srvversion, s.srvoptions, pg_catalog.pg_get_userbyid(s.srvowner)
       from pg_catalog.pg_foreign_server s`,
    `select oid, umserver, case when umuser = 0 then null else pg_catalog.pg_get_userbyid(umuser) end, umoptions
       from pg_catalog.pg_user_mapping order by umserver`,
    `select a.oid, a.xmin, a.amname, a.amhandler::oid,
            pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(p.proname), a.amtype
       from pg_am a join pg_proc p on a.amhandler::oid = p.oid join pg_namespace n on p.pronamespace = n.oid`,
    `select e.oid, e.xmin, extname, extversion, extnamespace, nspname,
            array(select unnest from unnest(available_versions) where unnest > extversion)
       from pg_catalog.pg_extension e join pg_namespace n on e.extnamespace = n.oid
       left join (select name, array_agg(version) as available_versions from pg_available_extension_versions() group by name) v
         on e.extname = v.name`,
    `select l.oid, l.xmin, lanname, lanpltrusted, h.proname, hn.nspname, i.proname, i_n.nspname, v.proname, vn.nspname
       from pg_catalog.pg_language l
       left join pg_catalog.pg_proc h on h.oid = lanplcallfoid left join pg_catalog.pg_namespace hn on hn.oid = h.pronamespace
       left join pg_catalog.pg_proc i on i.oid = laninline left join pg_catalog.pg_namespace i_n on i_n.oid = i.pronamespace
       left join pg_catalog.pg_proc v on v.oid = lanvalidator left join pg_catalog.pg_namespace vn on vn.oid = v.pronamespace
      order by lanname`,
    `select d.objoid, case when 'pg_catalog.pg_event_trigger'::regclass = classoid then 'T'
                           when 'pg_catalog.pg_am'::regclass = classoid then 'A' when 'pg_catalog.pg_cast'::regclass = classoid then 'C' end,
            d.objsubid, d.description
       from pg_catalog.pg_description d
      where classoid in ('pg_catalog.pg_event_trigger'::regclass, 'pg_catalog.pg_am'::regclass, 'pg_catalog.pg_cast'::regclass,
                         'pg_catalog.pg_foreign_data_wrapper'::regclass, 'pg_catalog.pg_foreign_server'::regclass,
                         'pg_catalog.pg_language'::regclass, 'pg_catalog.pg_extension'::regclass)`,
    `select oid, fdwacl from pg_catalog.pg_foreign_data_wrapper union all select oid, lanacl from pg_catalog.pg_language
      union all select oid, nspacl from pg_catalog.pg_namespace union all select oid, srvacl from pg_catalog.pg_foreign_server`,
    `select c.oid, c.xmin, c.castsource, pg_catalog.quote_ident(sn.nspname) || '.' || pg_catalog.quote_ident(s.typname),
            c.casttarget, pg_catalog.quote_ident(tn.nspname) || '.' || pg_catalog.quote_ident(t.typname), c.castfunc,
            pg_catalog.quote_ident(fn.nspname) || '.' || pg_catalog.quote_ident(f.proname), c.castcontext, c.castmethod
       from pg_cast c left outer join pg_proc f on c.castfunc::oid = f.oid left outer join pg_namespace fn on f.pronamespace = fn.oid
       join pg_type s on c.castsource::oid = s.oid join pg_namespace sn on s.typnamespace = sn.oid
       join pg_type t on c.casttarget::oid = t.oid join pg_namespace tn on t.typnamespace = tn.oid`,
    `select e.oid, d.objid from pg_extension e join pg_depend d
         on e.oid = d.refobjid and d.refclassid = 'pg_extension'::regclass::oid
      where d.deptype = 'e' order by 1`,
  ].map((sql) => ({ sql })),
  of(`select t.oid, relnamespace as s, pg_catalog.translate(relkind, 'rmvpfS', 'rmvrfS'), relname
        from pg_catalog.pg_class t where relnamespace in ( $1::oid ) and relkind in ('r', 'm', 'v', 'p', 'f', 'S')
      union all select t.oid, t.typnamespace, 'T', t.typname from pg_catalog.pg_type t
        left outer join pg_catalog.pg_class c on t.typrelid = c.oid
       where t.typnamespace in ( $1::oid )
         and (t.typtype in ('d', 'e') or c.relkind = 'c'::"char" or (t.typtype = 'b' and (t.typelem = 0 or t.typcategory <> 'A'))
              or t.typtype = 'p' and not t.typisdefined)
      union all select oid, collnamespace, 'C', collname from pg_catalog.pg_collation where collnamespace in ( $1::oid )
      union all select oid, oprnamespace, 'O', oprname from pg_catalog.pg_operator where oprnamespace in ( $1::oid )
      union all select oid, opcnamespace, 'c', opcname from pg_catalog.pg_opclass where opcnamespace in ( $1::oid )
      union all select oid, opfnamespace, 'F', opfname from pg_catalog.pg_opfamily where opfnamespace in ( $1::oid )
      union all select oid, pronamespace, case when prokind != 'a' then 'R' else 'a' end, proname
        from pg_catalog.pg_proc where pronamespace in ( $1::oid )
      order by s`),
  of(`select pronamespace, oid, proargnames, proargmodes, array_length(proargtypes, 1)
        from pg_catalog.pg_proc where pronamespace in ( $1::oid ) order by pronamespace`),
  of(`with t as (select t.oid, t.relkind as kind, t.relnamespace as s from pg_catalog.pg_class t
                  where t.relnamespace in ( $1::oid ) and t.relkind in ('r', 'm', 'v', 'f', 'p'))
      select t.s, t.oid, pg_catalog.translate(t.kind, 'rmvpf', 'rmvrf'), c.attnum, c.attname
        from t join pg_catalog.pg_attribute c on t.oid = c.attrelid where c.attnum > 0 and not c.attisdropped order by 1, 2`),
  of(`select c.xmin, q.seqrelid, c.relname, pg_catalog.format_type(q.seqtypid, null), q.seqstart, q.seqincrement, q.seqmin,
             q.seqmax, q.seqcache, q.seqcycle, pg_catalog.pg_get_userbyid(c.relowner)
        from pg_catalog.pg_sequence q join pg_class c on q.seqrelid = c.oid where c.relnamespace = $1::oid`),
  since(`select t.oid, t.xmin, t.typname, t.typtype, t.typcategory, t.typrelid, t.typbasetype,
                case when t.typtype in ('c', 'e') then null else pg_catalog.format_type(t.typbasetype, t.typtypmod) end,
                t.typndims, t.typdefault, t.typnotnull, pg_catalog.pg_get_userbyid(t.typowner)
           from pg_catalog.pg_type t left outer join pg_catalog.pg_class c on t.typrelid = c.oid
          where t.typnamespace = $1::oid and pg_catalog.age(t.xmin) <= ${CHANGED} order by 1`),
  of(`select t.relkind, t.relname, t.oid, t.xmin, t.reltablespace, t.reloptions, t.relpersistence,
             (select pg_catalog.array_agg(inhparent::bigint order by inhseqno)::varchar from pg_catalog.pg_inherits where t.oid = inhrelid),
             (select pg_catalog.array_agg(inhrelid::bigint order by inhrelid)::varchar from pg_catalog.pg_inherits where t.oid = inhparent),
             t.relispartition, pg_catalog.pg_get_partkeydef(t.oid), pg_catalog.pg_get_expr(t.relpartbound, t.oid), t.relam,
             pg_catalog.pg_get_userbyid(t.relowner)
        from pg_catalog.pg_class t where relnamespace = $1::oid and relkind in ('r', 'm', 'v', 'f', 'p') order by 1, 3`),
  of(`select f.ftrelid, s.srvname, f.ftoptions, pg_catalog.pg_get_userbyid(c.relowner) from pg_catalog.pg_foreign_table f
        left outer join pg_catalog.pg_foreign_server s on f.ftserver = s.oid join pg_catalog.pg_class c on f.ftrelid = c.oid
       where c.relnamespace = $1::oid`),
  of(`with t as (select oid from pg_catalog.pg_class where relnamespace = $1::oid and relkind in ('r', 'm', 'v', 'f', 'p'))
      select c.attrelid, c.attnum, c.attname, c.xmin, c.atttypid, c.atttypmod, c.attndims, pg_catalog.format_type(c.atttypid, c.atttypmod),
             c.attnotnull, pg_catalog.pg_get_expr(d.adbin, d.adrelid), not c.attislocal, c.attfdwoptions, c.attisdropped, c.attidentity,
             c.attgenerated, c.attcollation
        from t join pg_catalog.pg_attribute c on t.oid = c.attrelid
        left join pg_catalog.pg_attrdef d on (c.attrelid, c.attnum) = (d.adrelid, d.adnum) where attnum > 0 order by 1, 2`),
  of(`with p as (select prorettype, proargtypes, proallargtypes from pg_catalog.pg_proc where pronamespace = $1::oid),
           a as (select g.aggtranstype, g.aggmtranstype from pg_catalog.pg_aggregate g
                   join pg_catalog.pg_proc f on g.aggfnoid = f.oid where f.pronamespace = $1::oid),
           every as (select prorettype as t from p union select distinct unnest(proargtypes) from p
                     union select distinct unnest(proallargtypes) from p union select aggtranstype::oid from a)
      select t, pg_catalog.format_type(t, null) from every where t <> 0`),
  of(`with languages as (select oid as lang, lanname from pg_catalog.pg_language),
           routines as (select proname, prolang as lang, oid, xmin, proargnames, proargmodes, proargtypes::int[], proallargtypes::int[],
                               pg_catalog.pg_get_expr(proargdefaults, 0), provariadic, prorettype, proretset, prokind, provolatile,
                               proisstrict, prosecdef, proconfig, procost, pg_catalog.pg_get_userbyid(proowner), prorows,
                               proleakproof, proparallel
                          from pg_catalog.pg_proc where pronamespace = $1::oid and not (prokind = 'a'))
      select * from routines natural join languages`),
  of(`select p.oid, p.xmin, p.proname, p.proargtypes::int[], a.aggtransfn::oid, a.aggtransfn::regproc::text, a.aggtranstype,
             case when a.aggfinalfn::oid = 0 then null else a.aggfinalfn::regproc::varchar end, a.agginitval,
             case when a.aggsortop = 0 then null else a.aggsortop::regoper::varchar end, a.aggkind, a.aggnumdirectargs
        from pg_catalog.pg_aggregate a join pg_catalog.pg_proc p on a.aggfnoid = p.oid where p.pronamespace = $1::oid order by p.oid`),
  of(`select o.oid, o.xmin, oprname, oprkind, oprleft, oprright, oprresult, oprcode::oid, oprcode::varchar, oprrest::oid,
             oprrest::varchar, oprjoin::varchar, oprcom::regoper::varchar, oprnegate::oid, oprnegate::regoper::varchar, oprcanmerge,
             oprcanhash, pg_catalog.pg_get_userbyid(o.oprowner)
        from pg_catalog.pg_operator o where oprnamespace = $1::oid`),
  of(`select oid, xmin, collname, collcollate, collctype, pg_catalog.pg_get_userbyid(collowner)
        from pg_catalog.pg_collation where collnamespace = $1::oid`),
  of(`select o.oid, o.xmin, opcname, opcintype::regtype::varchar,
             case when opckeytype = 0 then null else opckeytype::regtype::varchar end, opcdefault, opcfamily, opfname, opcmethod,
             pg_catalog.pg_get_userbyid(o.opcowner)
        from pg_catalog.pg_opclass o join pg_catalog.pg_opfamily f on f.oid = opcfamily where opcnamespace = $1::oid`),
  of(`select p.oid, p.amopopr::regoperator::varchar from pg_catalog.pg_amop p join pg_catalog.pg_opfamily f on f.oid = amopfamily
       where opfnamespace = $1::oid`),
  of(`select p.oid, p.amproc::regprocedure::varchar from pg_catalog.pg_amproc p join pg_catalog.pg_opfamily f on f.oid = amprocfamily
       where opfnamespace = $1::oid`),
  of(
    'select i.indexrelid from pg_catalog.pg_index i, pg_catalog.pg_class c where c.oid = i.indrelid and c.relnamespace = $1::oid',
  ),
  of(`select t.oid, t.relkind, s.relname, h.indexrelid, s.xmin, h.indisunique, h.indisprimary, h.indnullsnotdistinct,
             pg_catalog.pg_get_expr(h.indpred, h.indrelid),
             (select pg_catalog.array_agg(inhparent::bigint order by inhseqno)::varchar from pg_catalog.pg_inherits where s.oid = inhrelid),
             s.reltablespace, opcmethod
        from pg_catalog.pg_class t join pg_catalog.pg_index h on h.indrelid = t.oid
        join pg_catalog.pg_class s on t.relnamespace = s.relnamespace and s.oid = h.indexrelid
        left join pg_catalog.pg_opclass on pg_opclass.oid = any(indclass)
       where t.relnamespace = $1::oid and t.relkind in ('r', 'm', 'v', 'p') and s.relkind in ('i', 'I')`),
  of(`select h.indexrelid, k, k <= indnkeyatts, h.indkey[k-1], h.indoption[k-1], h.indcollation[k-1], cn.nspname, collname,
             h.indclass[k-1], case when opcdefault then null else oc.nspname end, case when opcdefault then null else opcname end,
             case when indexprs is null then null
                  when h.indkey[k-1] = 0 then chr(27) || pg_catalog.pg_get_indexdef(h.indexrelid, k::int, true)
                  else pg_catalog.pg_get_indexdef(h.indexrelid, k::int, true) end, amcanorder
        from pg_catalog.pg_index h join pg_catalog.pg_class s on s.oid = h.indexrelid
       cross join unnest(h.indkey) with ordinality u(u, k)
        left join pg_catalog.pg_collation c on c.oid = h.indcollation[k-1] left join pg_catalog.pg_namespace cn on collnamespace = cn.oid
       cross join pg_catalog.pg_indexam_has_property(s.relam, 'can_order') amcanorder
        left join pg_catalog.pg_opclass o on o.oid = h.indclass[k-1] left join pg_catalog.pg_namespace oc on opcnamespace = oc.oid
       where s.relnamespace = $1::oid and s.relkind in ('i', 'I') order by 1, k`),
  of(`select t.oid, relkind, c.oid::bigint, c.xmin::varchar::bigint, conname, contype, conkey, conindid, confrelid, condeferrable,
             condeferred, confupdtype, confdeltype, connoinherit, pg_catalog.pg_get_expr(conbin, t.oid), confkey, conexclop::int[],
             array(select unnest::regoper::varchar from unnest(conexclop))
        from pg_catalog.pg_constraint c join pg_catalog.pg_class t on c.conrelid = t.oid
       where relkind in ('r', 'v', 'f', 'p') and relnamespace = $1::oid and contype in ('p', 'u', 'f', 'c', 'x') and connamespace = $1::oid`),
  of(`select r.oid, r.ev_class, r.xmin, r.rulename, pg_catalog.translate(ev_type, '1234', 'SUID'), r.ev_enabled, r.is_instead,
             pg_catalog.pg_get_ruledef(r.oid, true)
        from pg_catalog.pg_rewrite r join pg_catalog.pg_class c on r.ev_class = c.oid
       where c.relnamespace = $1::oid and r.rulename != '_RETURN'::name`),
  of(`select p.oid, p.xmin, polname, polrelid, polpermissive, polroles::bigint[], polcmd, pg_catalog.pg_get_expr(polqual, polrelid),
             pg_catalog.pg_get_expr(polwithcheck, polrelid)
        from pg_catalog.pg_policy p join pg_catalog.pg_class c on polrelid = c.oid where relnamespace = $1::oid`),
  of(`select t.tgrelid, t.oid, t.xmin, t.tgname, t.tgfoid, pg_catalog.encode(t.tgargs, 'escape'), t.tgtype, t.tgenabled, tgconstraint,
             t.tgdeferrable, t.tginitdeferred, t.tgattr, pg_catalog.pg_get_triggerdef(t.oid), tgoldtable, tgnewtable
        from pg_catalog.pg_trigger t join pg_catalog.pg_class c on c.oid = t.tgrelid where c.relnamespace = $1::oid and not t.tgisinternal`),
  of(`select d.objid, d.refobjid, d.refobjsubid
        from pg_depend d join pg_class s on d.objid = s.oid and d.classid = 'pg_class'::regclass::oid
        join pg_class t on d.refobjid = t.oid and d.refclassid = 'pg_class'::regclass::oid
       where s.relkind = 'S' and t.relkind = 'r' and d.refobjsubid <> 0 and (d.deptype = 'a' or d.deptype = 'i') and t.relnamespace = $1::oid`),
  of(`select t.relkind, t.oid, pg_catalog.pg_get_viewdef(t.oid, true) from pg_catalog.pg_class t
        join pg_catalog.pg_namespace n on t.relnamespace = n.oid where n.oid = $1::oid and t.relkind in ('m', 'v')`),
  of(`with sys as (select oid from pg_catalog.pg_language where lanname in ('c', 'internal'))
      select oid, pg_catalog.pg_get_function_arguments(oid), pg_catalog.pg_get_function_result(oid),
             pg_catalog.pg_get_function_sqlbody(oid), prosrc
        from pg_catalog.pg_proc where pronamespace = $1::oid and not (prokind = 'a') and prolang not in (select oid from sys) and prosrc is not null`),
  of(`select d.objoid, pg_catalog.translate(c.relkind, 'rmvpfS', 'rmvrfS'), d.objsubid, d.description from pg_catalog.pg_description d
        join pg_catalog.pg_class c on d.objoid = c.oid where c.relnamespace = $1::oid and d.classoid = 'pg_catalog.pg_class'::regclass`),
  since(`select t.oid, t.relacl from pg_catalog.pg_class t where relnamespace = $1::oid and pg_catalog.age(t.xmin) <= ${CHANGED}
         union all select t.oid, t.proacl from pg_catalog.pg_proc t where pronamespace = $1::oid and pg_catalog.age(t.xmin) <= ${CHANGED}
         union all select t.oid, t.typacl from pg_catalog.pg_type t where typnamespace = $1::oid and pg_catalog.age(t.xmin) <= ${CHANGED}
         order by 1`),
  since(`select t.oid, a.attnum, a.attacl from pg_catalog.pg_attribute a join pg_catalog.pg_class t on t.oid = a.attrelid
          where relnamespace = $1::oid and attnum > 0 and pg_catalog.age(a.xmin) <= ${CHANGED} order by 1, 2`),
]
