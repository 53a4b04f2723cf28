import type { CuratedGroup } from './free-functions.ts'

/** Relations of pg_catalog that `metadata: visible` gives. What is not listed needs its own name or `all`. */
export const HARMLESS_CATALOGS: readonly CuratedGroup[] = [
  {
    reason: 'definitions of objects: what `\\d` and every driver and editor reads',
    names: `pg_aggregate pg_am pg_amop pg_amproc pg_attrdef pg_attribute pg_cast pg_class pg_collation pg_constraint
      pg_conversion pg_depend pg_description pg_enum pg_event_trigger pg_extension pg_foreign_data_wrapper
      pg_foreign_server pg_foreign_table pg_index pg_inherits pg_language pg_namespace pg_opclass pg_operator
      pg_opfamily pg_partitioned_table pg_policy pg_proc pg_publication pg_publication_namespace pg_publication_rel
      pg_range pg_rewrite pg_seclabel pg_sequence pg_statistic_ext pg_transform pg_trigger pg_ts_config
      pg_ts_config_map pg_ts_dict pg_ts_parser pg_ts_template pg_type`,
  },
  {
    reason: 'views over these definitions',
    names: `pg_available_extension_versions pg_available_extensions pg_indexes pg_matviews pg_policies
      pg_publication_tables pg_rules pg_seclabels pg_tables pg_views`,
  },
  {
    reason: 'databases, tablespaces, roles (the password columns of these views are masked by the server) and rights',
    names: `pg_auth_members pg_database pg_default_acl pg_group pg_init_privs pg_parameter_acl pg_roles pg_shdepend
      pg_shdescription pg_shseclabel pg_tablespace pg_user`,
  },
  {
    reason: 'settings and their names, named by the policy contract',
    names: 'pg_settings pg_timezone_abbrevs pg_timezone_names',
  },
  {
    reason: 'counters: how often and how much, no contents and no query text',
    names: `pg_stat_all_indexes pg_stat_all_tables pg_stat_database pg_stat_database_conflicts pg_stat_sys_indexes pg_stat_sys_tables
      pg_stat_user_functions pg_stat_user_indexes pg_stat_user_tables pg_stat_xact_all_tables
      pg_stat_xact_sys_tables pg_stat_xact_user_functions pg_stat_xact_user_tables pg_statio_all_indexes
      pg_statio_all_sequences pg_statio_all_tables pg_statio_sys_indexes pg_statio_sys_sequences pg_statio_sys_tables
      pg_statio_user_indexes pg_statio_user_sequences pg_statio_user_tables`,
  },
  { reason: 'who waits for whom, by process number', names: 'pg_locks' },
  {
    reason: 'replication slots, by name and position: pgAdmin counts them as it connects, and fails where it may not',
    names: 'pg_replication_slots',
  },
  {
    reason: 'whether connections are encrypted, and how: pgAdmin asks at its start',
    names: 'pg_stat_gssapi pg_stat_ssl',
  },
  {
    reason: 'definitions of sequences, as pg_sequence has them; where each stands is left out below',
    names: 'pg_sequences',
  },
  {
    reason: "this session's own; refused in transaction mode, where the session is not the client's alone",
    names: 'pg_cursors pg_prepared_statements',
  },
]

/** Columns of harmless catalogs that carry data: whoever reads one needs the catalog by its own name, or `all`. */
export const COLUMNS_WITH_DATA: Readonly<Record<string, string>> = { pg_sequences: 'last_value' }

/**
 * Of a catalog that is not harmless, the columns that are: how many sessions there are, of which database and role and
 * in what state, which pgAdmin's dashboard shows; not whose they are, from where they come, nor what they run.
 */
export const HARMLESS_COLUMNS: Readonly<Record<string, string>> = {
  pg_stat_activity: 'datid datname pid leader_pid usesysid usename state backend_type',
}

/** Relations of information_schema left out: user mappings can hold passwords. All others are harmless views. */
export const UNLISTED_INFORMATION_SCHEMA: ReadonlySet<string> = new Set([
  '_pg_user_mappings',
  'user_mapping_options',
  'user_mappings',
  // PostgreSQL grants these to nobody.
  '_pg_foreign_data_wrappers',
  '_pg_foreign_servers',
  '_pg_foreign_table_columns',
  '_pg_foreign_tables',
  'sql_parts',
  'transforms',
])

/** Show what this server process holds: another client's, where connections are shared. */
export const SESSION_CATALOGS: ReadonlySet<string> = new Set(['pg_cursors', 'pg_prepared_statements'])
export const SESSION_FUNCTIONS: ReadonlySet<string> = new Set(['pg_cursor', 'pg_prepared_statement'])
