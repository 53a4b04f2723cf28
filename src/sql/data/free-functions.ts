import { IMMUTABLE_FUNCTIONS } from './immutable-functions.ts'

/** Names of one kind, with the reason that holds for each. */
export interface CuratedGroup {
  readonly reason: string
  /** Separated by blanks. */
  readonly names: string
}

/** Functions of pg_catalog that are free for everyone. What is not in a list here or beside it is not free. */
export const FREE_FUNCTIONS: readonly CuratedGroup[] = [
  { reason: 'immutable: a pure function of its arguments', names: IMMUTABLE_FUNCTIONS },
  {
    reason: 'dates and times: depends on TimeZone, DateStyle or the clock and on nothing else',
    names: `age clock_timestamp date date_add date_cmp_timestamptz date_eq_timestamptz date_ge_timestamptz
      date_gt_timestamptz date_le_timestamptz date_lt_timestamptz date_ne_timestamptz date_part date_subtract date_trunc
      extract generate_series in_range interval_pl_timestamptz make_timestamptz now overlaps statement_timestamp time
      timeofday timestamp timestamp_cmp_timestamptz timestamp_eq_timestamptz timestamp_ge_timestamptz
      timestamp_gt_timestamptz timestamp_le_timestamptz timestamp_lt_timestamptz timestamp_ne_timestamptz timestamptz
      timestamptz_cmp_date timestamptz_cmp_timestamp timestamptz_eq_date timestamptz_eq_timestamp timestamptz_ge_date
      timestamptz_ge_timestamp timestamptz_gt_date timestamptz_gt_timestamp timestamptz_le_date timestamptz_le_timestamp
      timestamptz_lt_date timestamptz_lt_timestamp timestamptz_mi_interval timestamptz_ne_date timestamptz_ne_timestamp
      timestamptz_pl_interval timetz timezone to_char to_date to_timestamp transaction_timestamp pg_timezone_names
      pg_timezone_abbrevs_abbrevs pg_timezone_abbrevs_zone`,
  },
  {
    reason: 'texts, arrays, records, enums: stable only because an output function or a setting is consulted',
    names: `anytextcat array_out array_send array_to_string bpcharrecv bpcharsend concat concat_ws
      convert convert_from convert_to cash_in cash_out cstring_recv cstring_send date_in date_out
      enum_first enum_last enum_out enum_range enum_send format interval_in interval_out length money
      multirange_out multirange_send namerecv namesend numeric quote_literal quote_nullable
      range_out range_send record_out record_send textanycat textrecv textsend
      time_in timestamp_in timestamp_out timestamptz_in timestamptz_out timetz_in to_number varcharrecv varcharsend
      pg_column_size pg_column_compression pg_column_toast_chunk_id pg_client_encoding
      getdatabaseencoding pg_char_to_encoding pg_encoding_to_char anyarray_out anyarray_recv anyarray_send
      anycompatiblearray_out anycompatiblearray_recv anycompatiblearray_send anycompatiblemultirange_in
      anycompatiblemultirange_out anycompatiblerange_in anycompatiblerange_out anyenum_out anymultirange_in
      anymultirange_out anyrange_in anyrange_out `,
  },
  {
    reason: 'JSON and XML made of, or taken apart into, the given values',
    names: `array_to_json json_agg json_agg_strict json_build_array json_build_object json_object_agg
      json_object_agg_strict json_object_agg_unique json_object_agg_unique_strict json_populate_record
      json_populate_recordset json_to_record json_to_recordset jsonb_agg jsonb_agg_strict jsonb_build_array
      jsonb_build_object jsonb_path_exists_tz jsonb_path_match_tz jsonb_path_query_array_tz jsonb_path_query_first_tz
      jsonb_path_query_tz jsonb_populate_record jsonb_populate_record_valid jsonb_populate_recordset jsonb_to_record
      jsonb_to_recordset row_to_json to_json to_jsonb xml xml_in xml_is_well_formed xml_recv xml_send json_agg_transfn
      json_agg_strict_transfn json_object_agg_transfn json_object_agg_strict_transfn json_object_agg_unique_transfn
      json_object_agg_unique_strict_transfn jsonb_agg_transfn jsonb_agg_strict_transfn jsonb_agg_finalfn
      jsonb_object_agg_transfn jsonb_object_agg_strict_transfn jsonb_object_agg_unique_transfn
      jsonb_object_agg_unique_strict_transfn jsonb_object_agg_finalfn`,
  },
  {
    reason: 'text search over the given document; consults a named configuration and its dictionaries',
    names: `json_to_tsvector jsonb_to_tsvector phraseto_tsquery plainto_tsquery to_tsquery
      to_tsvector ts_headline ts_match_tq ts_match_tt websearch_to_tsquery`,
  },
  {
    reason: 'about this session and this transaction: who, where, which',
    names: `current_database current_query current_user getpgusername inet_client_addr
      inet_client_port inet_server_addr inet_server_port pg_backend_pid pg_my_temp_schema pg_is_other_temp_schema
      session_user system_user version pg_current_snapshot pg_current_xact_id pg_current_xact_id_if_assigned txid_current
      txid_current_if_assigned txid_current_snapshot txid_status pg_xact_status pg_trigger_depth pg_listening_channels
      pg_jit_available pg_numa_available`,
  },
  {
    reason: 'about the server as a whole: up since when, primary or standby, how far; names no object and no person',
    names: `pg_conf_load_time pg_current_wal_flush_lsn pg_current_wal_insert_lsn pg_current_wal_lsn pg_is_in_recovery
      pg_is_wal_replay_paused pg_last_wal_receive_lsn pg_last_wal_replay_lsn pg_last_xact_replay_timestamp
      pg_postmaster_start_time pg_split_walfile_name pg_get_keywords mxid_age pg_get_wal_replay_pause_state`,
  },
  {
    reason: 'random values: reads nothing; setseed touches this session alone',
    names: 'array_sample array_shuffle gen_random_uuid random random_normal setseed uuidv4 uuidv7',
  },
  {
    reason: 'named free by the policy contract: sleeping harms nobody else; the statement timeout bounds it',
    names: 'pg_sleep pg_sleep_for pg_sleep_until',
  },
  {
    reason: 'named free by the policy contract: gives back what this session itself drew or locked',
    names: 'lastval pg_advisory_unlock pg_advisory_unlock_all pg_advisory_unlock_shared',
  },
  {
    reason: 'planner estimators and validators: their arguments are internal or they only check a given value',
    names: `areajoinsel areasel arraycontjoinsel arraycontsel array_typanalyze contjoinsel contsel eqjoinsel eqsel
      iclikejoinsel iclikesel icnlikejoinsel icnlikesel icregexeqjoinsel icregexeqsel icregexnejoinsel icregexnesel
      likejoinsel likesel matchingjoinsel matchingsel multirange_typanalyze multirangesel neqjoinsel neqsel
      networkjoinsel networksel nlikejoinsel nlikesel positionjoinsel positionsel prefixjoinsel prefixsel range_typanalyze
      rangesel regexeqjoinsel regexeqsel regexnejoinsel regexnesel scalargejoinsel scalargesel scalargtjoinsel
      scalargtsel scalarlejoinsel scalarlesel scalarltjoinsel scalarltsel ts_typanalyze tsmatchjoinsel tsmatchsel`,
  },
  {
    reason: 'sampling methods of TABLESAMPLE: read only the table sampled, which is judged',
    names: 'bernoulli system',
  },
]
