import type { CuratedGroup } from './free-functions.ts'

/**
 * Functions of pg_catalog that take or give names of objects, roles or their definitions: allowed where the policy
 * says `metadata: visible`, as harmless catalogs are.
 */
export const METADATA_FUNCTIONS: readonly CuratedGroup[] = [
  {
    reason: 'gives the definition of an object, or its parts, as its catalog row does',
    names: `format_type pg_basetype pg_describe_object pg_get_acl pg_get_catalog_foreign_keys pg_get_constraintdef
      pg_get_expr pg_get_function_arg_default pg_get_function_arguments pg_get_function_identity_arguments
      pg_get_function_result pg_get_function_sqlbody pg_get_functiondef pg_get_indexdef pg_get_object_address
      pg_get_partition_constraintdef pg_get_partkeydef pg_get_publication_tables pg_get_replica_identity_index
      pg_get_ruledef pg_get_serial_sequence pg_get_statisticsobjdef pg_get_statisticsobjdef_columns
      pg_get_statisticsobjdef_expressions pg_get_triggerdef pg_get_userbyid pg_get_viewdef pg_identify_object
      pg_identify_object_as_address pg_index_column_has_property pg_index_has_property pg_indexam_has_property
      pg_options_to_table pg_partition_ancestors pg_partition_root pg_partition_tree pg_relation_filenode
      pg_relation_filepath pg_filenode_relation pg_relation_is_publishable pg_relation_is_updatable
      pg_column_is_updatable pg_sequence_parameters pg_tablespace_databases pg_tablespace_location pg_typeof
      pg_collation_actual_version pg_database_collation_actual_version satisfies_hash_partition
      pg_available_extension_versions pg_available_extensions pg_extension_update_paths`,
  },
  {
    reason: 'takes the OID of any type and reads a text as one, which for regclass and its kin looks a name up',
    names: `array_in array_recv domain_in domain_recv enum_in enum_recv multirange_in multirange_recv range_in range_recv
      record_in record_recv`,
  },
  {
    reason: 'gives the name of a schema, type, collation, text search configuration, dictionary or parser',
    names: `current_schema current_schemas get_current_ts_config oidvectortypes pg_collation_for ts_debug ts_parse
      ts_token_type`,
  },
  { reason: 'gives the comment on an object', names: 'col_description obj_description shobj_description' },
  {
    reason: 'says who may do what, or whether a name is on the search path',
    names: `acldefault aclexplode aclitemeq aclitemin aclitemout makeaclitem has_any_column_privilege has_column_privilege
      has_database_privilege has_foreign_data_wrapper_privilege has_function_privilege has_language_privilege
      has_largeobject_privilege has_parameter_privilege has_schema_privilege has_sequence_privilege has_server_privilege
      has_table_privilege has_tablespace_privilege has_type_privilege pg_has_role row_security_active
      pg_collation_is_visible pg_conversion_is_visible pg_function_is_visible pg_opclass_is_visible
      pg_operator_is_visible pg_opfamily_is_visible pg_statistics_obj_is_visible pg_table_is_visible
      pg_ts_config_is_visible pg_ts_dict_is_visible pg_ts_parser_is_visible pg_ts_template_is_visible
      pg_type_is_visible pg_input_error_info pg_input_is_valid`,
  },
  {
    reason: 'turns names into OIDs and back',
    names: `regclass regclassin regclassout regclassrecv regclasssend regcollationin regcollationout regcollationrecv
      regcollationsend regconfigin regconfigout regconfigrecv regconfigsend regdictionaryin regdictionaryout
      regdictionaryrecv regdictionarysend regnamespacein regnamespaceout regnamespacerecv regnamespacesend regoperatorin
      regoperatorout regoperatorrecv regoperatorsend regoperin regoperout regoperrecv regopersend regprocedurein
      regprocedureout regprocedurerecv regproceduresend regprocin regprocout regprocrecv regprocsend regrolein regroleout
      regrolerecv regrolesend regtypein regtypeout regtyperecv regtypesend to_regclass to_regcollation to_regnamespace
      to_regoper to_regoperator to_regproc to_regprocedure to_regrole to_regtype to_regtypemod`,
  },
  {
    reason: 'sizes and counters of objects, as the harmless pg_stat views show them; no contents',
    names: `pg_database_size pg_indexes_size pg_relation_size pg_table_size pg_tablespace_size pg_total_relation_size
      pg_stat_get_analyze_count pg_stat_get_autoanalyze_count pg_stat_get_autovacuum_count pg_stat_get_blocks_fetched
      pg_stat_get_blocks_hit pg_stat_get_dead_tuples pg_stat_get_function_calls pg_stat_get_function_self_time
      pg_stat_get_function_total_time pg_stat_get_ins_since_vacuum pg_stat_get_last_analyze_time
      pg_stat_get_last_autoanalyze_time pg_stat_get_last_autovacuum_time pg_stat_get_last_vacuum_time
      pg_stat_get_lastscan pg_stat_get_live_tuples pg_stat_get_mod_since_analyze pg_stat_get_numscans
      pg_stat_get_total_analyze_time pg_stat_get_total_autoanalyze_time pg_stat_get_total_autovacuum_time
      pg_stat_get_total_vacuum_time pg_stat_get_tuples_deleted pg_stat_get_tuples_fetched
      pg_stat_get_tuples_hot_updated pg_stat_get_tuples_inserted pg_stat_get_tuples_newpage_updated
      pg_stat_get_tuples_returned pg_stat_get_tuples_updated pg_stat_get_vacuum_count pg_stat_get_db_numbackends
      pg_stat_get_db_xact_commit pg_stat_get_db_xact_rollback pg_stat_get_db_blocks_fetched pg_stat_get_db_blocks_hit
      pg_stat_get_db_tuples_returned pg_stat_get_db_tuples_fetched pg_stat_get_db_tuples_inserted
      pg_stat_get_db_tuples_updated pg_stat_get_db_tuples_deleted pg_stat_get_db_stat_reset_time
      pg_stat_get_db_deadlocks pg_stat_get_db_temp_files pg_stat_get_db_temp_bytes pg_lock_status pg_blocking_pids`,
  },
  { reason: 'the settings, as pg_settings shows them', names: 'pg_settings_get_flags pg_show_all_settings' },
  {
    reason: 'the shape of a table as an XML schema, without its rows',
    names: 'database_to_xmlschema schema_to_xmlschema table_to_xmlschema',
  },
]
