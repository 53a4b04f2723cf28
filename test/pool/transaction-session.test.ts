import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  encodeBind,
  encodeClose,
  encodeCopyData,
  encodeCopyDone,
  encodeDescribe,
  encodeExecute,
  encodeFlush,
  encodeParse,
  encodeQuery,
  encodeSync,
} from '../../src/wire/client-messages.ts'
import { startTestPostgres, superuserQuery } from '../support/postgres.ts'
import { settled, testPool } from './transaction-client.ts'

const server = await startTestPostgres({
  hba: ['host all all 127.0.0.1/32 trust'],
  prepare: `
    CREATE ROLE analyst; CREATE ROLE writer;
    CREATE SEQUENCE public.numbers; GRANT USAGE ON SEQUENCE public.numbers TO analyst;
    CREATE TABLE public.notes (author text, note text); GRANT ALL ON public.notes TO analyst;
    CREATE FUNCTION public.hide() RETURNS text LANGUAGE plpgsql AS $$ BEGIN
      PERFORM pg_advisory_lock(4711);
      PERFORM set_config('app.secret', 'ada''s', false);
      EXECUTE 'PREPARE hidden AS SELECT 42';
      EXECUTE 'DECLARE held CURSOR WITH HOLD FOR SELECT 43';
      EXECUTE 'LISTEN gossip';
      RETURN 'hidden'; END $$;
    CREATE FUNCTION public.become() RETURNS void LANGUAGE plpgsql AS $$ BEGIN SET ROLE writer; END $$;
    CREATE FUNCTION public.lock_and_fail() RETURNS void LANGUAGE plpgsql AS $$ BEGIN
      PERFORM pg_advisory_lock(4712); RAISE EXCEPTION 'as told'; END $$;
    CREATE VIEW public.lying_view AS SELECT public.hide();
    GRANT SELECT ON public.lying_view TO analyst;`,
})
const pools: { end(): void }[] = []
after(() => {
  for (const pool of pools) pool.end()
})
function poolOf(...options: Parameters<typeof testPool> extends [unknown, ...infer Rest] ? Rest : never) {
  const pool = testPool(server, ...options)
  pools.push(pool)
  return pool
}
const q = (sql: string) => [encodeQuery(sql)]
const subject = "SELECT current_setting('pgoauth.subject')"

test('clients share one server connection, each with its own subject', async () => {
  const { client, servers } = poolOf()
  const [ada, grace] = [client('ada'), client('grace')]
  for (let round = 0; round < 3; round++) {
    assert.deepEqual(await ada.turn(q(subject)), ['D ada', 'C SELECT 1', 'Z I'])
    assert.deepEqual(await grace.turn(q(subject)), ['D grace', 'C SELECT 1', 'Z I'])
  }
  assert.equal(servers.length, 1)
})

test('a transaction keeps its server connection until it ends', async () => {
  const { client } = poolOf()
  const [ada, grace] = [client('ada'), client('grace')]
  await ada.turn(q('BEGIN'))
  const waiting = grace.turn(q(subject))
  assert.deepEqual(await ada.turn(q(subject)), ['D ada', 'C SELECT 1', 'Z T'])
  assert.deepEqual(await ada.turn(q('SELECT 1/0')), ['E 22012 division by zero', 'Z E'])
  assert.deepEqual(await ada.turn(q('ROLLBACK')), ['C ROLLBACK', 'Z I'])
  assert.deepEqual(await waiting, ['D grace', 'C SELECT 1', 'Z I'])
})

test('a client that takes no more is sent no more, by the next server connection either', async () => {
  const { client } = poolOf()
  const ada = client('ada')
  await ada.turn(q('SELECT 1'))
  ada.session.pause()
  ada.send(...q("SELECT 'unread'"))
  const done = "SELECT 1 FROM pg_stat_activity WHERE state = 'idle' AND query = 'SELECT ''unread'''"
  for (let time = 0; (await superuserQuery(server, done)).rows.length === 0; time++) {
    assert.ok(time < 400, 'the statement did not run')
    await sleep(20)
  }
  await sleep(100)
  assert.deepEqual(ada.transcript, [])
  ada.session.resume()
  assert.deepEqual(await ada.turn(q('SELECT 2'), 2), ['D unread', 'C SELECT 1', 'Z I', 'D 2', 'C SELECT 1', 'Z I'])
})

test('a session whose wait is over is ended with 53300', async () => {
  const { client } = poolOf({ limits: { waitMs: 500 } })
  const [ada, grace] = [client('ada'), client('grace')]
  await ada.turn(q('BEGIN'))
  assert.deepEqual(await grace.turn(q('SELECT 1')), ['ended 53300'])
})

test('SET follows the client and no other', async () => {
  const { client } = poolOf()
  const [ada, grace] = [client('ada'), client('grace')]
  await ada.turn(q('SET search_path = a, "B c"; SET DateStyle = \'German\''))
  assert.deepEqual((await grace.turn(q('SHOW search_path')))[0], 'D "$user", public')
  assert.equal(grace.parameters.get('DateStyle'), 'ISO, MDY')
  assert.deepEqual((await ada.turn(q('SHOW search_path')))[0], 'D a, "B c"')
  assert.equal(ada.parameters.get('DateStyle'), 'German, DMY')
  await ada.turn(q('RESET search_path'))
  await grace.turn(q('SELECT 1'))
  assert.deepEqual((await ada.turn(q('SHOW search_path')))[0], 'D "$user", public')
})

test('a SET that was rolled back does not follow', async () => {
  const { client } = poolOf()
  const [ada, grace] = [client('ada'), client('grace')]
  await ada.turn(q('BEGIN'))
  await ada.turn(q("SET work_mem = '1MB'"))
  await ada.turn(q('ROLLBACK'))
  await grace.turn(q('SELECT 1'))
  assert.deepEqual((await ada.turn(q('SHOW work_mem')))[0], 'D 4MB')
})

test('SET LOCAL is left to its transaction', async () => {
  const { client } = poolOf()
  const ada = client('ada')
  await ada.turn(q("BEGIN; SET LOCAL work_mem = '1MB'; COMMIT"))
  assert.deepEqual((await ada.turn(q('SHOW work_mem')))[0], 'D 4MB')
})

test('a computed set_config follows with the value it had', async () => {
  const { client } = poolOf()
  const [ada, grace] = [client('ada'), client('grace')]
  await ada.turn(q("SELECT set_config('app.x', 'a' || 'b', false)"))
  await grace.turn(q('SELECT 1'))
  assert.deepEqual((await ada.turn(q("SELECT current_setting('app.x', true)")))[0], 'D ab')
  assert.deepEqual((await grace.turn(q("SELECT current_setting('app.x', true)")))[0], 'D ')
})

test('settings of the startup come with every lease', async () => {
  const { client } = poolOf()
  const [ada, grace] = [client('ada', { application_name: 'report' }), client('grace')]
  await ada.turn(q('SELECT 1'))
  assert.deepEqual((await grace.turn(q('SHOW application_name')))[0], 'D ')
  assert.deepEqual((await ada.turn(q('SHOW application_name')))[0], 'D report')
  assert.equal(ada.parameters.get('application_name'), 'report')
})

test('a prepared statement follows its client to another server connection', async () => {
  const { client, servers } = poolOf({ limits: { size: 2 } })
  const [ada, grace] = [client('ada'), client('grace')]
  assert.deepEqual(await ada.turn([encodeParse('s', 'SELECT $1::int + 1'), encodeSync()]), ['1', 'Z I'])
  await grace.turn(q('BEGIN'))
  const run = [encodeBind('', 's', ['41']), encodeExecute(''), encodeSync()]
  assert.deepEqual(await ada.turn(run), ['2', 'D 42', 'C SELECT 1', 'Z I'])
  assert.deepEqual(await ada.turn([encodeDescribe({ kind: 'statement', name: 's' }), encodeSync()]), ['t', 'Z I'])
  assert.equal(servers.length, 2)
})

test('a statement whose table changed is refused once, as PostgreSQL refuses it, and then prepared anew', async () => {
  const { client } = poolOf()
  const ada = client('ada')
  await superuserQuery(server, 'CREATE TABLE public.changing (a int); GRANT SELECT ON public.changing TO PUBLIC')
  await ada.turn([encodeParse('all', 'SELECT * FROM public.changing'), encodeSync()])
  const run = [encodeBind('', 'all'), encodeExecute(''), encodeSync()]
  assert.deepEqual(await ada.turn(run), ['2', 'C SELECT 0', 'Z I'])
  await superuserQuery(server, 'ALTER TABLE public.changing ADD COLUMN b int')
  assert.deepEqual(await ada.turn(run), ['E 0A000 cached plan must not change result type', 'Z I'])
  assert.deepEqual(await ada.turn(run), ['2', 'C SELECT 0', 'Z I'])
})

/** As drivers run a prepared statement that they have described with each use. */
const describing = [
  encodeBind('', 'all'),
  encodeDescribe({ kind: 'portal', name: '' }),
  encodeExecute(''),
  encodeSync(),
]

test('a statement whose table changed is prepared anew and run where the client has its rows described, unseen', async () => {
  const { client } = poolOf()
  const [ada, grace] = [client('ada'), client('grace')]
  await superuserQuery(server, 'CREATE TABLE public.grown (a int); GRANT SELECT ON public.grown TO PUBLIC')
  await ada.turn([encodeParse('all', 'SELECT * FROM public.grown'), encodeSync()])
  assert.deepEqual(await ada.turn(describing), ['2', 'C SELECT 0', 'Z I'])
  await superuserQuery(server, 'ALTER TABLE public.grown ADD COLUMN b int')
  assert.deepEqual(await ada.turn(describing), ['2', 'C SELECT 0', 'Z I'])
  // And where the connection was somebody else's meanwhile, and has to be given settings first.
  await superuserQuery(server, 'ALTER TABLE public.grown ADD COLUMN c int')
  await grace.turn(q(subject))
  assert.deepEqual(await ada.turn(describing), ['2', 'C SELECT 0', 'Z I'])
  await superuserQuery(server, 'INSERT INTO public.grown VALUES (1, 2, 3)')
  assert.deepEqual(await ada.turn(describing), ['2', 'D 1|2|3', 'C SELECT 1', 'Z I'])
})

test('a statement whose table changed is not run again in a transaction, or with others in its turn', async () => {
  const { client } = poolOf()
  const ada = client('ada')
  const stale = 'E 0A000 cached plan must not change result type'
  await superuserQuery(server, 'CREATE TABLE public.moved (a int); GRANT SELECT ON public.moved TO PUBLIC')
  await ada.turn([encodeParse('all', 'SELECT * FROM public.moved'), encodeSync()])
  await ada.turn(q('BEGIN'))
  await ada.turn(describing)
  await ada.turn(q('COMMIT'))
  await superuserQuery(server, 'ALTER TABLE public.moved ADD COLUMN b int')
  await ada.turn(q('BEGIN'))
  assert.deepEqual(await ada.turn(describing), [stale, 'Z E'])
  await ada.turn(q('ROLLBACK'))
  assert.deepEqual(await ada.turn(describing), ['2', 'C SELECT 0', 'Z I'])
  await superuserQuery(server, 'ALTER TABLE public.moved ADD COLUMN c int')
  const two = [...describing.slice(0, 3), ...describing]
  assert.deepEqual(await ada.turn(two), [stale, 'Z I'])
})

test('two clients may give the same name to different statements', async () => {
  const { client } = poolOf()
  const [ada, grace] = [client('ada'), client('grace')]
  await ada.turn([encodeParse('s', "SELECT 'ada'"), encodeSync()])
  await grace.turn([encodeParse('s', "SELECT 'grace'"), encodeSync()])
  const run = [encodeBind('', 's'), encodeExecute(''), encodeSync()]
  assert.deepEqual((await ada.turn(run))[1], 'D ada')
  assert.deepEqual((await grace.turn(run))[1], 'D grace')
})

test("another client's prepared statement is unknown, and the error names what the client named", async () => {
  const { client } = poolOf()
  const [ada, grace] = [client('ada'), client('grace')]
  await ada.turn([encodeParse('s', 'SELECT 1'), encodeSync()])
  assert.deepEqual(await grace.turn([encodeBind('', 's'), encodeSync()]), [
    'E 26000 prepared statement "s" does not exist',
    'Z I',
  ])
})

test('a name given twice is refused as PostgreSQL refuses it', async () => {
  const { client } = poolOf()
  const ada = client('ada')
  await ada.turn([encodeParse('s', 'SELECT 1'), encodeSync()])
  assert.deepEqual(await ada.turn([encodeParse('s', 'SELECT 2'), encodeSync()]), [
    'E 42P05 prepared statement "s" already exists',
    'Z I',
  ])
  assert.deepEqual((await ada.turn([encodeBind('', 's'), encodeExecute(''), encodeSync()]))[1], 'D 1')
})

test('an error about a prepared statement names it as the client does', async () => {
  const { client } = poolOf()
  const ada = client('ada')
  await ada.turn([encodeParse('my name', 'SELECT $1::int'), encodeSync()])
  assert.deepEqual(await ada.turn([encodeBind('', 'my name'), encodeSync()]), [
    'E 08P01 bind message supplies 0 parameters, but prepared statement "my name" requires 1',
    'Z I',
  ])
})

test('a Parse that failed leaves its name free', async () => {
  const { client } = poolOf()
  const ada = client('ada')
  assert.match((await ada.turn([encodeParse('s', 'SELEC'), encodeSync()]))[0] ?? '', /^E 42601/)
  assert.deepEqual(await ada.turn([encodeParse('s', 'SELECT 1'), encodeSync()]), ['1', 'Z I'])
})

test('what an error skipped is not taken for done', async () => {
  const { client } = poolOf()
  const ada = client('ada')
  await ada.turn([encodeParse('good', 'SELECT 1'), encodeSync()])
  await client('grace').turn(q('SELECT 1'))
  assert.deepEqual(
    await ada.turn([
      encodeParse('bad', 'SELEC'),
      encodeParse('late', 'SELECT 2'),
      encodeClose({ kind: 'statement', name: 'good' }),
      encodeSync(),
    ]),
    ['E 42601 syntax error at or near "SELEC"', 'Z I'],
  )
  assert.deepEqual((await ada.turn([encodeBind('', 'good'), encodeExecute(''), encodeSync()]))[1], 'D 1')
  assert.deepEqual(
    (await ada.turn([encodeBind('', 'late'), encodeSync()]))[0],
    'E 26000 prepared statement "late" does not exist',
  )
})

test('the unnamed statement follows its client past another’s', async () => {
  const { client } = poolOf()
  const [ada, grace] = [client('ada'), client('grace')]
  await ada.turn([encodeParse('', "SELECT 'ada'"), encodeSync()])
  await grace.turn([encodeParse('', "SELECT 'grace'"), encodeSync()])
  assert.deepEqual((await ada.turn([encodeBind('', ''), encodeExecute(''), encodeSync()]))[1], 'D ada')
})

test("another client's unnamed statement is unknown", async () => {
  const { client } = poolOf()
  const [ada, grace] = [client('ada'), client('grace')]
  await ada.turn([encodeParse('', "SELECT 'ada'"), encodeSync()])
  assert.deepEqual(await grace.turn([encodeBind('', ''), encodeExecute(''), encodeSync()]), [
    'E 26000 unnamed prepared statement does not exist',
    'Z I',
  ])
})

test('a Query drops the unnamed statement', async () => {
  const { client } = poolOf()
  const ada = client('ada')
  await ada.turn([encodeParse('', 'SELECT 1'), encodeSync()])
  await ada.turn(q('SELECT 2'))
  assert.deepEqual(
    (await ada.turn([encodeBind('', ''), encodeSync()]))[0],
    'E 26000 unnamed prepared statement does not exist',
  )
})

test('a closed statement is gone, and closing one that never was is no error', async () => {
  const { client } = poolOf()
  const ada = client('ada')
  await ada.turn([encodeParse('s', 'SELECT 1'), encodeSync()])
  const close = [encodeClose({ kind: 'statement', name: 's' }), encodeSync()]
  assert.deepEqual(await ada.turn(close), ['3', 'Z I'])
  assert.deepEqual(await ada.turn(close), ['3', 'Z I'])
  assert.match((await ada.turn([encodeBind('', 's'), encodeSync()]))[0] ?? '', /^E 26000/)
})

test('DEALLOCATE drops a statement made with Parse, on a connection that never had it too', async () => {
  const { client } = poolOf({ limits: { size: 2 } })
  const [ada, grace] = [client('ada'), client('grace')]
  await ada.turn([encodeParse('s_1', 'SELECT 1'), encodeSync()])
  await grace.turn(q('BEGIN'))
  assert.deepEqual(await ada.turn(q('DEALLOCATE s_1')), ['C DEALLOCATE', 'Z I'])
})

test('a pipeline goes through in order, with an error in its middle', async () => {
  const { client } = poolOf()
  const [ada, grace] = [client('ada'), client('grace')]
  const one = (sql: string) => [encodeParse('', sql), encodeBind('', ''), encodeExecute('')]
  const waiting = grace.turn(q(subject))
  assert.deepEqual(
    await ada.turn(
      [...one('SELECT 1'), ...one('SELECT 1/0'), ...one('SELECT 2'), encodeSync(), ...one('SELECT 3'), encodeSync()],
      2,
    ),
    ['1', '2', 'D 1', 'C SELECT 1', '1', 'E 22012 division by zero', 'Z I', '1', '2', 'D 3', 'C SELECT 1', 'Z I'],
  )
  assert.deepEqual((await waiting)[0], 'D grace')
})

test('Flush without Sync keeps the server connection', async () => {
  const { client, pool } = poolOf()
  const ada = client('ada')
  ada.send(encodeParse('', 'SELECT 1'), encodeFlush())
  for (let n = 0; n < 2000 && !ada.transcript.includes('1'); n++) await sleep(5)
  assert.equal(pool.queue.counts.leased, 1)
  assert.deepEqual(await ada.turn([encodeSync()]), ['1', 'Z I'])
  assert.equal(pool.queue.counts.leased, 0)
})

test('COPY in both directions goes through', async () => {
  const { client } = poolOf()
  const [ada, grace] = [client('ada'), client('grace')]
  ada.send(...q('COPY public.notes FROM STDIN'))
  const waiting = grace.turn(q(subject))
  for (let n = 0; n < 2000 && !ada.transcript.includes('G'); n++) await sleep(5)
  assert.deepEqual(await ada.turn([encodeCopyData(Buffer.from('ada\thello\n')), encodeCopyDone()]), [
    'G',
    'C COPY 1',
    'Z I',
  ])
  assert.deepEqual((await waiting)[0], 'D grace')
  assert.deepEqual(await ada.turn(q('COPY public.notes TO STDOUT')), ['H', 'd', 'c', 'C COPY 1', 'Z I'])
})

test('a Bind larger than what is read of it finds its statement', async () => {
  const { client } = poolOf({ limits: { size: 2 } })
  const [ada, grace] = [client('ada'), client('grace')]
  await ada.turn([encodeParse('s', 'SELECT length($1::text)'), encodeSync()])
  await grace.turn(q('BEGIN'))
  const run = [encodeBind('', 's', ['x'.repeat(300_000)]), encodeExecute(''), encodeSync()]
  assert.deepEqual((await ada.turn(run))[1], 'D 300000')
})

for (const [what, sql] of [
  ['LISTEN', 'LISTEN gossip'],
  ['a temporary table', 'CREATE TEMP TABLE t (a int)'],
  ['a held cursor', 'DECLARE c CURSOR WITH HOLD FOR SELECT 1'],
  ['an advisory lock', 'SELECT pg_advisory_lock(1)'],
  ['a SQL PREPARE', 'PREPARE p AS SELECT 1'],
] as const) {
  test(`${what} reaches nobody behind its session`, async () => {
    const { client } = poolOf({ limits: { size: 1 } })
    const [ada, grace] = [client('ada'), client('grace')]
    await ada.turn(q(sql))
    const waiting = grace.turn(
      q(
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' UNION ALL SELECT count(*) FROM pg_listening_channels() UNION ALL SELECT count(*) FROM pg_prepared_statements UNION ALL SELECT count(*) FROM pg_cursors",
      ),
    )
    ada.session.close()
    assert.deepEqual(await waiting, ['D 0', 'D 0', 'D 0', 'D 0', 'C SELECT 4', 'Z I'])
  })
}

for (const [what, sql] of [
  ['a function', 'SELECT public.hide()'],
  ['a DO block', 'DO $$ BEGIN PERFORM public.hide(); END $$'],
  ['a view', 'SELECT * FROM public.lying_view'],
  ['a function that takes a role', 'SELECT public.become()'],
  ['a function that fails', 'SELECT public.lock_and_fail()'],
] as const) {
  test(`what ${what} leaves behind reaches nobody else`, async () => {
    const { client, servers } = poolOf()
    const [ada, grace] = [client('ada'), client('grace')]
    await ada.turn(q(sql))
    const seen = await grace.turn(
      q(
        "SELECT current_user, coalesce(current_setting('app.secret', true), ''), (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'), (SELECT count(*) FROM pg_listening_channels())",
      ),
    )
    assert.deepEqual(seen, ['D analyst||0|0', 'C SELECT 1', 'Z I'])
    assert.match((await grace.turn(q('EXECUTE hidden')))[0] ?? '', /^E 26000/)
    assert.match((await grace.turn(q('FETCH held')))[0] ?? '', /^E 34000/)
    assert.equal(servers.length, 1)
  })
}

test('a client that vanishes in a transaction has it rolled back, and the connection is lent on', async () => {
  const { client, servers, pool } = poolOf()
  const [ada, grace] = [client('ada'), client('grace')]
  await ada.turn(q("BEGIN; INSERT INTO public.notes VALUES ('ada', 'lost')"))
  ada.session.close()
  assert.deepEqual(await grace.turn(q("SELECT count(*) FROM public.notes WHERE note = 'lost'")), [
    'D 0',
    'C SELECT 1',
    'Z I',
  ])
  await settled(pool)
  assert.equal(servers.length, 1)
})

test('a client that vanishes in a statement has it cancelled, and the connection is closed', async () => {
  const { client, servers, pool } = poolOf()
  const [ada, grace] = [client('ada'), client('grace')]
  ada.send(...q('SELECT pg_sleep(30)'))
  for (let n = 0; n < 2000 && pool.queue.counts.leased === 0; n++) await sleep(5)
  await sleep(100)
  ada.session.close()
  const before = Date.now()
  assert.deepEqual((await grace.turn(q(subject)))[0], 'D grace')
  assert.ok(Date.now() - before < 15_000)
  assert.equal(servers.length, 2)
})

test('a cancel ends what its own session runs', async () => {
  const { client } = poolOf()
  const ada = client('ada')
  const running = ada.turn(q('SELECT pg_sleep(30)'))
  // One that comes before the statement runs hits nothing.
  for (
    let ended = false;
    !ended;
    ended = await Promise.race([running.then(() => true), sleep(100).then(() => false)])
  ) {
    await ada.session.cancel()
  }
  assert.deepEqual(await running, ['E 57014 canceling statement due to user request', 'Z I'])
})

test('a cancel that comes when nothing runs hits nobody', async () => {
  const { client } = poolOf()
  const [ada, grace] = [client('ada'), client('grace')]
  await ada.turn(q('SELECT 1'))
  const running = grace.turn(q('SELECT pg_sleep(0.2)'))
  await sleep(50)
  await ada.session.cancel()
  assert.deepEqual((await running).at(-2), 'C SELECT 1')
})

test('a server that dies in a transaction ends the session with 08006', async () => {
  const { client, servers } = poolOf()
  const [ada, grace] = [client('ada'), client('grace')]
  await ada.turn(q('BEGIN'))
  servers[0]?.socket.destroy()
  assert.deepEqual(await ada.turn(q('SELECT 1')), ['ended 08006'])
  assert.deepEqual((await grace.turn(q(subject)))[0], 'D grace')
})

test('a server connection that died while idle is replaced unseen', async () => {
  const { client, servers } = poolOf()
  const ada = client('ada')
  await ada.turn(q('SELECT 1'))
  await ada.turn(q('SELECT 1'))
  servers[0]?.socket.destroy()
  await sleep(20)
  assert.deepEqual((await ada.turn(q(subject)))[0], 'D ada')
})

test('RESET ALL of the client does not take its subject', async () => {
  const { client } = poolOf()
  const ada = client('ada', { application_name: 'report' })
  await ada.turn(q("SET work_mem = '1MB'"))
  await ada.turn(q('RESET ALL'))
  assert.deepEqual((await ada.turn(q(subject)))[0], 'D ada')
  assert.deepEqual((await ada.turn(q('SHOW work_mem')))[0], 'D 4MB')
})

test('an advisory lock keeps the server connection for its session', async () => {
  const { client, pool } = poolOf()
  const ada = client('ada')
  await ada.turn(q('SELECT pg_advisory_lock(1)'))
  assert.equal(ada.session.pinned, 'state that outlives the transaction')
  assert.equal(pool.queue.counts.leased, 1)
})

test('the last value of a sequence is another client’s to know no more', async () => {
  const { client } = poolOf()
  const [ada, grace] = [client('ada'), client('grace')]
  await ada.turn(q("SELECT nextval('public.numbers')"))
  assert.match((await grace.turn(q('SELECT lastval()')))[0] ?? '', /^E 55000/)
})

test('SET SESSION AUTHORIZATION DEFAULT and SET TRANSACTION are not replayed', async () => {
  const { client } = poolOf()
  const [ada, grace] = [client('ada'), client('grace')]
  await ada.turn(q('SET SESSION AUTHORIZATION DEFAULT'))
  await ada.turn(q("BEGIN; SET transaction_isolation = 'serializable'; COMMIT"))
  await grace.turn(q('SELECT 1'))
  assert.deepEqual((await ada.turn(q('SELECT current_user')))[0], 'D analyst')
})

test('a seed that one client set does not choose what random() gives another', async () => {
  const { client } = poolOf()
  const draw = async (name: string) => {
    await client(name).turn(q('SET seed = 0.5'))
    return client('grace').turn(q('SELECT random()'))
  }
  assert.notDeepEqual(await draw('ada'), await draw('eve'))
})

test('a Query between extended-query messages and their Sync is refused', async () => {
  const { client } = poolOf()
  assert.deepEqual(await client('ada').turn([encodeParse('', 'SELECT 1'), ...q('SELECT 2')]), ['ended 08P01'])
})

test('turns that are sent whole and turns that are taken apart give the same, in and outside of transactions', async () => {
  const { client } = poolOf({ limits: { size: 2 } })
  const run = (name: string, ...values: string[]) => [encodeBind('', name, values), encodeExecute(''), encodeSync()]
  const turns = [
    q('SELECT 1'),
    [encodeParse('', 'SELECT $1::int'), ...run('', '2')],
    run('', '3'),
    [encodeParse('s', 'SELECT $1::int * 2'), encodeSync()],
    run('s', '4'),
    run('s', 'four'),
    run('s', '5'),
    run('t'),
    [encodeParse('', 'SELECT 1 / 0'), ...run('')],
    run(''),
    [encodeParse('', 'SELEC'), ...run('')],
    run(''),
    q('SELECT 1 / 0'),
    q("SELECT repeat('x', 100000) IS NULL"),
    q("SELECT length(repeat('y', 9)) FROM generate_series(1, 3000)"),
    q('BEGIN'),
    run('s', '6'),
    [encodeParse('', 'SELECT $1::int'), ...run('', '7')],
    run('', '8'),
    [encodeExecute(''), encodeSync()],
    run('s', 'nine'),
    q('SELECT 10'),
    q('ROLLBACK'),
    q('SELECT 11'),
    run('s', '12'),
  ]
  const transcripts = []
  for (const isWhole of [true, false]) {
    const ada = client(isWhole ? 'ada' : 'grace')
    ada.sendsWhole = isWhole
    const transcript = []
    for (const turn of turns) transcript.push(await ada.turn(turn))
    transcripts.push(transcript)
    assert.equal(ada.sentWhole > 15, isWhole)
  }
  assert.deepEqual(transcripts[0], transcripts[1])
})

test('what comes behind a turn that was sent whole, before its answer, goes on in order', async () => {
  const { client } = poolOf()
  const ada = client('ada')
  const run = [encodeBind('', '', ['2']), encodeExecute(''), encodeSync()]
  ada.send(...q('SELECT pg_sleep(0.05)'))
  ada.send(encodeParse('', 'SELECT $1::int'), ...run)
  ada.send(...run)
  assert.deepEqual(
    (await ada.turn(q('SELECT 3'), 4)).filter((word) => word.startsWith('D') || word.startsWith('Z')),
    ['D ', 'Z I', 'D 2', 'Z I', 'D 2', 'Z I', 'D 3', 'Z I'],
  )
})

test('turns sent whole wait for a server connection, in order, and what one left of its settings is not another’s', async () => {
  const { client } = poolOf()
  const clients = ['ada', 'grace', 'mary'].map((name) => client(name, { 'app.who': name }))
  for (let round = 0; round < 20; round++) {
    const asked = clients.map((one) =>
      one.turn(q("SELECT current_setting('app.who'), current_setting('pgoauth.subject')")),
    )
    const said = await Promise.all(asked)
    assert.deepEqual(
      said.map(([row]) => row),
      ['D ada|ada', 'D grace|grace', 'D mary|mary'],
    )
  }
  assert.ok(clients.every(({ sentWhole }) => sentWhole === 20))
})

test('a function that hides state in a turn sent whole has it cleaned away', async () => {
  const { client } = poolOf()
  const [ada, grace] = [client('ada'), client('grace')]
  await ada.turn(q('SELECT public.hide()'))
  await grace.turn(q('SELECT 1'))
  assert.equal(ada.sentWhole, 1)
  const [row] = await grace.turn(q("SELECT count(*), current_setting('app.secret', true) FROM pg_prepared_statements"))
  // The server keeps the name of a setting that was once set.
  assert.equal(row, 'D 0|')
})

test('a cancel, and an end, of a turn that was sent whole', async () => {
  const { client, pool } = poolOf()
  const ada = client('ada')
  const answer = ada.turn(q('SELECT pg_sleep(60)'))
  await sleep(100)
  await ada.session.cancel()
  assert.deepEqual(await answer, ['E 57014 canceling statement due to user request', 'Z I'])
  ada.send(...q('SELECT pg_sleep(60)'))
  await sleep(50)
  ada.session.close()
  await settled(pool)
  assert.equal(pool.queue.counts.leased, 0)
})

test('a turn sent whole has its statement prepared on a connection that has its settings and not its statement', async () => {
  const { client, servers } = poolOf({ limits: { size: 2 } })
  const [ada, other] = [client('ada'), client('ada')]
  await ada.turn([encodeParse('s', 'SELECT $1::int + 1'), encodeSync()])
  await other.turn(q('BEGIN'))
  await ada.turn(q('SELECT 1'))
  const run = [encodeBind('', 's', ['41']), encodeExecute(''), encodeSync()]
  for (let round = 0; round < 2; round++) {
    assert.deepEqual(await ada.turn(run), ['2', 'D 42', 'C SELECT 1', 'Z I'])
  }
  assert.equal(servers.length, 2)
  assert.equal(ada.sentWhole, 3)
})
