import type { Action } from '../../base/access.ts'

/**
 * Functions of pg_catalog that stand for an action. How the object is found:
 *
 * - `everything`: the action on `"*"`, whatever the arguments;
 * - `sequence`, `relation`, `parameter`, `channel`: what the first argument names where it is a literal, else `"*"`;
 * - `schema`: everything in the schema the first argument names;
 * - `sql`: the first argument is SQL: judged as the statement it is where it is a literal, else `all`;
 * - `rewrite`: as `sql`, with the SQL in the second argument of two.
 */
export interface ActionFunction {
  readonly action: Action
  readonly object: 'everything' | 'sequence' | 'relation' | 'parameter' | 'channel' | 'schema' | 'sql' | 'rewrite'
  readonly reason: string
}

const rows: readonly (ActionFunction & { readonly names: string })[] = [
  { names: 'nextval currval setval', action: 'usage', object: 'sequence', reason: 'sequence' },
  {
    names: 'pg_sequence_last_value pg_get_sequence_data',
    action: 'usage',
    object: 'sequence',
    reason: 'tells where a sequence stands',
  },
  { names: 'set_config', action: 'set', object: 'parameter', reason: 'SET as a function' },
  { names: 'current_setting', action: 'set', object: 'parameter', reason: 'SHOW as a function' },
  { names: 'pg_notify', action: 'notify', object: 'channel', reason: 'NOTIFY as a function' },
  {
    names: `pg_advisory_lock pg_advisory_lock_shared pg_advisory_xact_lock pg_advisory_xact_lock_shared
      pg_try_advisory_lock pg_try_advisory_lock_shared pg_try_advisory_xact_lock pg_try_advisory_xact_lock_shared`,
    action: 'lock',
    object: 'everything',
    reason: 'advisory lock',
  },
  {
    names: `lo_import lo_export pg_read_file pg_read_binary_file pg_ls_dir pg_stat_file pg_ls_archive_statusdir
      pg_ls_logdir pg_ls_logicalmapdir pg_ls_logicalsnapdir pg_ls_replslotdir pg_ls_summariesdir pg_ls_tmpdir
      pg_ls_waldir pg_current_logfile pg_hba_file_rules pg_ident_file_mappings pg_show_all_file_settings
      pg_available_wal_summaries pg_wal_summary_contents`,
    action: 'server_files',
    object: 'everything',
    reason: 'reads, writes or lists files of the server',
  },
  {
    names: 'query_to_xml query_to_xml_and_xmlschema query_to_xmlschema ts_stat',
    action: 'all',
    object: 'sql',
    reason: 'runs the SQL in its first argument',
  },
  { names: 'ts_rewrite', action: 'all', object: 'rewrite', reason: 'with two arguments, runs the SQL in the second' },
  {
    names: 'table_to_xml table_to_xml_and_xmlschema',
    action: 'select',
    object: 'relation',
    reason: 'reads the whole table',
  },
  {
    names: 'schema_to_xml schema_to_xml_and_xmlschema',
    action: 'select',
    object: 'schema',
    reason: 'reads every table of the schema',
  },
  {
    names: 'database_to_xml database_to_xml_and_xmlschema',
    action: 'select',
    object: 'everything',
    reason: 'reads every table',
  },
  {
    names: 'brin_desummarize_range brin_summarize_new_values brin_summarize_range gin_clean_pending_list',
    action: 'maintain',
    object: 'everything',
    reason: 'maintains an index',
  },
]

export const ACTION_FUNCTIONS: ReadonlyMap<string, ActionFunction> = new Map(
  rows.flatMap(({ names, ...row }) =>
    names
      .trim()
      .split(/\s+/)
      .map((name): [string, ActionFunction] => [name, row]),
  ),
)
