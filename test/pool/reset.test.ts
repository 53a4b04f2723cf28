import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import {
  CHECK_SQL,
  processBaseline,
  quickBaseline,
  quickResetStatements,
  resetFlaw,
  resetStatements,
} from '../../src/pool/reset.ts'
import { settingsChangeSql, settingsReadSql } from '../../src/pool/settings.ts'
import { startTestPostgres } from '../support/postgres.ts'
import { type RawServer, rawServer } from './raw-server.ts'

const server = await startTestPostgres({
  hba: ['host all all 127.0.0.1/32 trust'],
  prepare: `
    CREATE ROLE analyst NOLOGIN;
    CREATE ROLE writer NOLOGIN;
    CREATE ROLE pgoauth_proxy LOGIN NOINHERIT;
    GRANT analyst, writer TO pgoauth_proxy;
    CREATE FUNCTION public.become_writer() RETURNS void LANGUAGE plpgsql AS $$ BEGIN SET ROLE writer; END $$;
    CREATE FUNCTION public.leave_things() RETURNS void LANGUAGE plpgsql AS $$ BEGIN
      PERFORM pg_advisory_lock(4711);
      PERFORM set_config('app.secret', 'ada', false);
      EXECUTE 'PREPARE left_behind AS SELECT 1';
      EXECUTE 'DECLARE held CURSOR WITH HOLD FOR SELECT 1';
      EXECUTE 'CREATE TEMP TABLE leftover (a int)';
      EXECUTE 'LISTEN gossip';
      PERFORM set_config('work_mem', '8MB', false);
    END $$;`,
})
const open: RawServer[] = []
after(() => {
  for (const { socket } of open) socket.destroy()
})

async function connection(): Promise<RawServer> {
  const raw = await rawServer(server, {
    user: 'pgoauth_proxy',
    database: 'postgres',
    role: 'analyst',
    client_encoding: 'UTF8',
  })
  open.push(raw)
  return raw
}

async function baselineOf(raw: RawServer) {
  const baseline = processBaseline((await raw.exchange(CHECK_SQL))[0], 'analyst')
  if ('flaw' in baseline) return assert.fail(baseline.flaw)
  return baseline
}

async function flawAfter(sql: string, status: 'I' | 'T' | 'E' = 'I'): Promise<string | undefined> {
  const raw = await connection()
  const baseline = await baselineOf(raw)
  await raw.exchange(...sql.split(' || '))
  return resetFlaw(await raw.exchange(...resetStatements(status)), baseline)
}

test('a new connection with the role in its startup packet speaks as the role, with nothing set', async () => {
  const baseline = await baselineOf(await connection())
  assert.deepEqual(baseline.slice(0, 6), ['analyst', 'pgoauth_proxy', '0', '0', '0', '0'])
})

test('a connection that speaks as another than the role is not taken', async () => {
  const raw = await connection()
  assert.deepEqual(processBaseline((await raw.exchange(CHECK_SQL))[0], 'writer'), {
    flaw: 'current_user is not the role that the connection was opened for',
  })
})

for (const [what, sql] of [
  ['settings', "SET work_mem = '1MB'; SET search_path = pg_temp; SET app.tenant = 'ada'"],
  ['prepared statements', 'PREPARE p AS SELECT 1'],
  ['held cursors', 'DECLARE c CURSOR WITH HOLD FOR SELECT 1'],
  ['LISTEN', 'LISTEN gossip'],
  ['temporary tables', 'CREATE TEMP TABLE t (a int)'],
  ['advisory locks', 'SELECT pg_advisory_lock(1)'],
  ['a role taken with SET ROLE', 'SET ROLE writer'],
  ['a role taken inside a function', 'SELECT public.become_writer()'],
  ['what a function hid', 'SELECT public.leave_things()'],
  ['a session default of another isolation level', "SET default_transaction_isolation = 'serializable'"],
] as const) {
  test(`a reset clears ${what}`, async () => assert.equal(await flawAfter(sql), undefined))

  test(`a quick reset clears ${what}`, async () => {
    const raw = await connection()
    const baseline = await baselineOf(raw)
    await raw.exchange("SET pgoauth.subject = 'ada'", sql)
    assert.equal(resetFlaw(await raw.exchange(...quickResetStatements()), quickBaseline(baseline)), undefined)
    assert.equal(resetFlaw(await raw.exchange(CHECK_SQL), baseline), undefined)
  })
}

test('a reset rolls an open transaction back', async () => assert.equal(await flawAfter('BEGIN', 'T'), undefined))

test('a reset rolls a failed transaction back', async () =>
  assert.equal(await flawAfter('BEGIN || SELECT 1/0', 'E'), undefined))

test('a reset that forgot the open transaction is seen to have failed', async () => {
  assert.match((await flawAfter('BEGIN', 'I')) ?? '', /^the reset failed: 25001/)
})

test('a check without its reset sees what a function hid', async () => {
  const raw = await connection()
  const baseline = await baselineOf(raw)
  await raw.exchange('SELECT public.become_writer()')
  assert.equal(resetFlaw(await raw.exchange(CHECK_SQL), baseline), 'current_user differs after the reset')
  await raw.exchange('RESET ROLE', 'SELECT public.leave_things()')
  assert.equal(resetFlaw(await raw.exchange(CHECK_SQL), baseline), 'what is set differs after the reset')
})

test('a quick check without its reset sees what a lease left', async () => {
  for (const left of [
    "SET pgoauth.subject = 'ada'",
    'SELECT public.become_writer()',
    'LISTEN gossip',
    'PREPARE p AS SELECT 1',
  ]) {
    const raw = await connection()
    const baseline = quickBaseline(await baselineOf(raw))
    await raw.exchange(left)
    const [, check] = quickResetStatements()
    assert.match(resetFlaw(await raw.exchange(check ?? ''), baseline) ?? '', /differs after the reset$/, left)
  }
})

test('settings are changed from what a connection has to what a client wants', async () => {
  const raw = await connection()
  const has = new Map([['work_mem', '1MB']])
  const wants = new Map([
    ['search_path', 'a, "B c"'],
    ['datestyle', 'German'],
    ['app.quote', "it's \\ here"],
  ])
  await raw.exchange(settingsChangeSql(new Map(), has) ?? '')
  const [change] = await raw.exchange(settingsChangeSql(has, wants) ?? '')
  assert.equal(change?.error, undefined)
  const [read] = await raw.exchange(settingsReadSql(['work_mem', 'search_path', 'DateStyle', 'app.quote', 'app.none']))
  assert.deepEqual(read?.rows, [['4MB', 'a, "B c"', 'German, DMY', "it's \\ here", null]])
})

test('settings that a connection has already are not set again', () => {
  assert.equal(settingsChangeSql(new Map([['a', '1']]), new Map([['a', '1']])), undefined)
})

test('a setting changed by the pool is told in ParameterStatus', async () => {
  const raw = await connection()
  await raw.exchange(settingsChangeSql(new Map(), new Map([['datestyle', 'SQL, DMY']])) ?? '')
  assert.equal(raw.parameters.get('DateStyle'), 'SQL, DMY')
})
