/** Types of PostgreSQL 18.4's pg_catalog, arrays and row types left out: `name(expr)` is a cast to them. */
export const BUILT_IN_TYPES: ReadonlySet<string> = new Set(
  `
    aclitem any anyarray anycompatible anycompatiblearray anycompatiblemultirange anycompatiblenonarray
    anycompatiblerange anyelement anyenum anymultirange anynonarray anyrange bit bool bpchar bytea char cid cidr
    circle cstring date datemultirange daterange event_trigger fdw_handler float4 float8 gtsvector
    index_am_handler inet int2 int4 int4multirange int4range int8 int8multirange int8range internal interval
    json jsonb jsonpath language_handler macaddr macaddr8 money numeric nummultirange numrange oid path
    pg_brin_bloom_summary pg_brin_minmax_multi_summary pg_ddl_command pg_dependencies pg_lsn pg_mcv_list
    pg_ndistinct pg_node_tree pg_snapshot polygon record refcursor regclass regcollation regconfig regdictionary
    regnamespace regoper regoperator regproc regprocedure regrole regtype table_am_handler text tid time
    timestamp timestamptz timetz trigger tsm_handler tsmultirange tsquery tsrange tstzmultirange tstzrange
    tsvector txid_snapshot unknown uuid varbit varchar void xid xid8 xml
`
    .trim()
    .split(/\s+/),
)
