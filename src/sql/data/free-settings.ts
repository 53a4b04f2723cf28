import type { CuratedGroup } from './free-functions.ts'

/** Parameters everyone may set. search_path is among them unless the policy pins it. */
export const FREE_SETTINGS: readonly CuratedGroup[] = [
  {
    reason: 'how values are written and shown to this client',
    names: `datestyle timezone intervalstyle extra_float_digits bytea_output xmloption xmlbinary lc_monetary lc_numeric
      lc_time application_name client_min_messages quote_all_identifiers escape_string_warning array_nulls
      default_text_search_config`,
  },
  {
    reason: "named by the policy contract: limits this session's own time",
    names: `statement_timeout lock_timeout idle_in_transaction_session_timeout idle_session_timeout transaction_timeout
      tcp_user_timeout tcp_keepalives_idle tcp_keepalives_interval tcp_keepalives_count
      client_connection_check_interval`,
  },
  {
    reason: "this session's transactions",
    names: `transaction_isolation transaction_read_only transaction_deferrable default_transaction_isolation
      default_transaction_read_only default_transaction_deferrable row_security`,
  },
  {
    reason: 'how a plan is looked for: changes speed, never a result',
    names: `jit jit_above_cost jit_inline_above_cost jit_optimize_above_cost enable_async_append enable_bitmapscan
      enable_distinct_reordering enable_gathermerge enable_group_by_reordering enable_hashagg enable_hashjoin
      enable_incremental_sort enable_indexonlyscan enable_indexscan enable_material enable_memoize enable_mergejoin
      enable_nestloop enable_parallel_append enable_parallel_hash enable_partition_pruning enable_partitionwise_aggregate
      enable_partitionwise_join enable_presorted_aggregate enable_self_join_elimination enable_seqscan enable_sort
      enable_tidscan geqo geqo_threshold from_collapse_limit join_collapse_limit plan_cache_mode constraint_exclusion
      cursor_tuple_fraction synchronize_seqscans random_page_cost seq_page_cost cpu_tuple_cost cpu_index_tuple_cost
      cpu_operator_cost parallel_setup_cost parallel_tuple_cost effective_cache_size default_statistics_target`,
  },
  { reason: 'a safeguard of pg_dump: takes away, never gives', names: 'restrict_nonsystem_relation_kind' },
  { reason: 'the path is either irrelevant (every object of a name counts) or pinned', names: 'search_path' },
  { reason: 'only the values that One reading allows', names: 'client_encoding standard_conforming_strings' },
]
