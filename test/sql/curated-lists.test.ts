import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { classifyCatalog, classifyFunction, isFreeSetting, systemColumns } from '../../src/sql/curation.ts'
import { ACTION_FUNCTIONS } from '../../src/sql/data/action-functions.ts'
import { FREE_FUNCTIONS } from '../../src/sql/data/free-functions.ts'
import { FREE_SETTINGS } from '../../src/sql/data/free-settings.ts'
import { HARMLESS_CATALOGS } from '../../src/sql/data/harmless-catalogs.ts'
import { METADATA_FUNCTIONS } from '../../src/sql/data/metadata-functions.ts'
import { BUILT_IN_OPERATORS } from '../../src/sql/data/operators.ts'
import { UNCURATED_FUNCTIONS } from '../../src/sql/data/uncurated-functions.ts'
import { startTestPostgres, superuserQuery } from '../support/postgres.ts'

const server = await startTestPostgres()

async function column(sql: string): Promise<string[]> {
  const { rows } = await superuserQuery(server, sql)
  return rows.map((row) => String(Object.values(row)[0]))
}

const names = (groups: readonly { names: string }[]) => groups.flatMap((one) => one.names.trim().split(/\s+/))

describe('the curated lists against a real PostgreSQL 18', () => {
  it('every function of pg_catalog is in exactly one of them', async () => {
    const real = await column(`select distinct proname from pg_proc where pronamespace = 'pg_catalog'::regnamespace`)
    assert.ok(real.length > 2500)
    const unlisted = real.filter((name) => classifyFunction(name) === undefined && !UNCURATED_FUNCTIONS.has(name))
    assert.deepEqual(unlisted, [])
    const lists = [
      names(FREE_FUNCTIONS),
      names(METADATA_FUNCTIONS),
      [...ACTION_FUNCTIONS.keys()],
      [...UNCURATED_FUNCTIONS],
    ]
    const twice = lists.flat().filter((name, index, all) => all.indexOf(name) !== index)
    assert.deepEqual(twice, [])
  })

  it('a function that no list has is not free', () => {
    assert.equal(classifyFunction('pg_read_the_future'), undefined)
  })

  it('no volatile function is free that was not named one by one', async () => {
    const volatile = await column(
      `select distinct proname from pg_proc where pronamespace = 'pg_catalog'::regnamespace and provolatile = 'v'`,
    )
    const free = volatile.filter((name) => classifyFunction(name) === 'free').sort()
    assert.deepEqual(free, [
      'array_sample',
      'array_shuffle',
      'bernoulli',
      'clock_timestamp',
      'current_query',
      'gen_random_uuid',
      'lastval',
      'pg_advisory_unlock',
      'pg_advisory_unlock_all',
      'pg_advisory_unlock_shared',
      'pg_current_wal_flush_lsn',
      'pg_current_wal_insert_lsn',
      'pg_current_wal_lsn',
      'pg_get_wal_replay_pause_state',
      'pg_is_in_recovery',
      'pg_is_wal_replay_paused',
      'pg_jit_available',
      'pg_last_wal_receive_lsn',
      'pg_last_wal_replay_lsn',
      'pg_last_xact_replay_timestamp',
      'pg_sleep',
      'pg_sleep_for',
      'pg_sleep_until',
      'pg_xact_status',
      'random',
      'random_normal',
      'setseed',
      'system',
      'timeofday',
      'txid_status',
      'uuidv4',
      'uuidv7',
    ])
  })

  it('what the contract names as not free is not', () => {
    const forbidden = `pg_read_file pg_read_binary_file pg_ls_dir pg_stat_file lo_import lo_export lo_get lo_put lo_open
      loread query_to_xml table_to_xml schema_to_xml database_to_xml cursor_to_xml ts_stat ts_rewrite set_config
      current_setting pg_terminate_backend pg_cancel_backend pg_notify nextval currval setval pg_advisory_lock
      pg_logical_slot_get_changes pg_stat_get_activity pg_export_snapshot pg_reload_conf pg_rotate_logfile
      binary_upgrade_set_next_pg_type_oid`.split(/\s+/)
    for (const name of forbidden) assert.notEqual(classifyFunction(name), 'free', name)
  })

  it('every operator of pg_catalog calls a free function', async () => {
    const real = await column(
      `select distinct p.proname from pg_operator o join pg_proc p on p.oid = o.oprcode where o.oid < 16384`,
    )
    assert.deepEqual(
      real.filter((name) => classifyFunction(name) !== 'free'),
      ['aclitemeq'],
    )
    const operators = await column(`select distinct oprname from pg_operator where oid < 16384`)
    assert.deepEqual(operators.sort(), [...BUILT_IN_OPERATORS].sort())
  })

  it('every harmless catalog exists, and every system relation is known with its columns', async () => {
    const { rows } = await superuserQuery(
      server,
      `select n.nspname as schema, c.relname as name, array_agg(a.attname::text order by a.attnum) as columns
         from pg_class c join pg_namespace n on n.oid = c.relnamespace
         join pg_attribute a on a.attrelid = c.oid and a.attnum > 0
        where n.nspname in ('pg_catalog', 'information_schema') and c.relkind in ('r', 'v') group by 1, 2`,
    )
    const real = new Map(rows.map((row) => [`${row.schema}.${row.name}`, row.columns as string[]]))
    for (const name of names(HARMLESS_CATALOGS)) assert.ok(real.has(`pg_catalog.${name}`), name)
    for (const { schema, name, columns } of rows) assert.deepEqual(systemColumns(schema, name), columns, name)
  })

  it('what carries data or secrets is not harmless', () => {
    const secret = `pg_statistic pg_statistic_ext_data pg_stats pg_stats_ext pg_stats_ext_exprs pg_authid pg_shadow
      pg_largeobject pg_largeobject_metadata pg_user_mapping pg_user_mappings pg_subscription pg_hba_file_rules
      pg_stat_activity pg_file_settings pg_db_role_setting`.split(/\s+/)
    for (const name of secret) assert.equal(classifyCatalog('pg_catalog', name), 'secret', name)
    assert.equal(classifyCatalog('pg_catalog', 'pg_new_in_19'), 'secret')
  })

  it('no setting that only a superuser may change is free', async () => {
    const guarded = await column(
      `select name from pg_settings where context in ('superuser', 'postmaster', 'sighup', 'internal')`,
    )
    assert.deepEqual(
      guarded.filter((name) => isFreeSetting(name.toLowerCase())),
      [],
    )
    const real = new Set((await column('select lower(name) from pg_settings')).concat(['transaction_timeout']))
    assert.deepEqual(
      names(FREE_SETTINGS).filter((name) => !real.has(name)),
      [],
    )
  })
})
