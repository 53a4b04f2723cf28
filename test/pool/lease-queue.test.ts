import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { PgoauthError } from '../../src/base/errors.ts'
import { type LeaseLimits, LeaseQueue } from '../../src/pool/lease-queue.ts'
import { FakeClock } from '../support/fake-clock.ts'

interface Server {
  readonly name: string
  readonly key: string
  readonly openedAtMs: number
  closed: boolean
  close(): void
}

const LIMITS: LeaseLimits = {
  size: 2,
  serversPerIdentity: 10,
  minIdle: 0,
  idleMs: 600_000,
  maxAgeMs: 3_600_000,
  waitMs: 30_000,
}

function queueOf(limits: Partial<LeaseLimits> = {}) {
  const clock = new FakeClock()
  const opened: Server[] = []
  const failures: Error[] = []
  const queue = new LeaseQueue<Server>({
    limits: { ...LIMITS, ...limits },
    clock,
    async open(key) {
      const failure = failures.shift()
      if (failure) throw failure
      const server = {
        name: `s${opened.length + 1}`,
        key,
        openedAtMs: clock.nowMs(),
        closed: false,
        close() {
          server.closed = true
        },
      }
      opened.push(server)
      return server
    },
  })
  const log: string[] = []
  const leases = new Map<string, Server>()
  const ask = (who: string, { key = 'analyst', identity = who } = {}) =>
    queue.request({
      key,
      identity,
      onLease(server) {
        leases.set(who, server)
        log.push(`${who}:${server.name}`)
      },
      onRefused: (error) => log.push(`${who}:${error.sqlstate}`),
    })
  const back = (who: string) => queue.giveBack(leases.get(who) as Server)
  return { clock, queue, opened, failures, log, leases, ask, back }
}

test('a lease opens a connection where none is idle', async () => {
  const { ask, log } = queueOf()
  ask('ada')
  await turn()
  assert.deepEqual(log, ['ada:s1'])
})

test('an idle connection is lent inside the request', async () => {
  const { ask, back, log } = queueOf()
  ask('ada')
  await turn()
  back('ada')
  ask('grace')
  assert.deepEqual(log, ['ada:s1', 'grace:s1'])
})

test('a full pool serves its waiters in the order they came', async () => {
  const { ask, back, log, opened } = queueOf({ size: 1 })
  for (const who of ['a', 'b', 'c']) ask(who)
  await turn()
  back('a')
  back('b')
  assert.deepEqual(log, ['a:s1', 'b:s1', 'c:s1'])
  assert.equal(opened.length, 1)
})

test('nobody is served past a waiter though a connection came back in between', async () => {
  const { ask, back, log } = queueOf({ size: 1 })
  ask('a')
  await turn()
  ask('b')
  back('a')
  ask('c')
  assert.deepEqual(log, ['a:s1', 'b:s1'])
})

test('a waiter is refused with 53300 when its time is up', async () => {
  const { ask, clock, log, queue } = queueOf({ size: 1 })
  ask('a')
  await turn()
  ask('b')
  await clock.advance(10_000)
  ask('c')
  await clock.advance(20_000)
  assert.deepEqual(log, ['a:s1', 'b:53300'])
  assert.equal(queue.counts.waiting, 1)
  await clock.advance(10_000)
  assert.deepEqual(log, ['a:s1', 'b:53300', 'c:53300'])
})

test('one who went away while waiting is passed over', async () => {
  const { ask, back, log } = queueOf({ size: 1 })
  ask('a')
  await turn()
  const leave = ask('b')
  ask('c')
  leave()
  back('a')
  assert.deepEqual(log, ['a:s1', 'c:s1'])
})

test('a person with a full share waits, and others are served past them', async () => {
  const { ask, back, log } = queueOf({ size: 3, serversPerIdentity: 1 })
  ask('ada1', { identity: 'ada' })
  ask('ada2', { identity: 'ada' })
  ask('grace')
  await turn()
  assert.deepEqual(log, ['ada1:s2', 'grace:s1'])
  back('ada1')
  assert.deepEqual(log, ['ada1:s2', 'grace:s1', 'ada2:s2'])
})

test('a share counts those that are still being opened', async () => {
  const { ask, opened } = queueOf({ size: 10, serversPerIdentity: 2 })
  for (const n of [1, 2, 3, 4, 5]) ask(`ada${n}`, { identity: 'ada' })
  await turn()
  assert.equal(opened.length, 2)
})

test('connections of one role are never lent to another', async () => {
  const { ask, back, log, leases } = queueOf({ size: 2 })
  ask('a', { key: 'analyst' })
  await turn()
  back('a')
  ask('d', { key: 'dba' })
  await turn()
  assert.deepEqual(log, ['a:s1', 'd:s2'])
  assert.equal(leases.get('d')?.key, 'dba')
})

test('a full pool closes the longest idle connection of another role', async () => {
  const { ask, back, log, opened, clock } = queueOf({ size: 2 })
  ask('a', { key: 'analyst' })
  ask('w', { key: 'writer' })
  await turn()
  back('w')
  await clock.advance(1)
  back('a')
  ask('d', { key: 'dba' })
  await turn()
  assert.equal(opened[1]?.closed, true)
  assert.equal(opened[0]?.closed, false)
  assert.deepEqual(log.at(-1), 'd:s3')
})

test('a connection older than max_age is closed when it comes back', async () => {
  const { ask, back, opened, clock } = queueOf()
  ask('a')
  await turn()
  await clock.advance(3_600_000)
  back('a')
  assert.equal(opened[0]?.closed, true)
})

test('idle connections are closed after idle, down to min_idle', async () => {
  const { ask, back, opened, clock, queue } = queueOf({ size: 3, minIdle: 1 })
  for (const who of ['a', 'b', 'c']) ask(who)
  await turn()
  for (const who of ['a', 'b', 'c']) back(who)
  await clock.advance(660_000)
  assert.equal(opened.filter((server) => server.closed).length, 2)
  assert.equal(queue.counts.idle, 1)
})

test('min_idle connections are opened ahead for a role that was used', async () => {
  const { ask, clock, queue } = queueOf({ size: 5, minIdle: 2 })
  ask('a')
  await turn()
  await clock.advance(60_000)
  await turn()
  assert.deepEqual(queue.counts, { idle: 2, leased: 1, opening: 0, waiting: 0 })
})

test('an idle connection that was lost is replaced unseen', async () => {
  const { ask, back, log, queue, leases } = queueOf({ size: 1 })
  ask('a')
  await turn()
  back('a')
  queue.remove(leases.get('a') as Server)
  ask('b')
  await turn()
  assert.deepEqual(log, ['a:s1', 'b:s2'])
})

test('a connection that cannot be opened refuses the first waiter alone', async () => {
  const { ask, failures, log } = queueOf({ size: 1 })
  failures.push(new PgoauthError('SERVER_UNREACHABLE'))
  ask('a')
  ask('b')
  await turn()
  await turn()
  assert.deepEqual(log, ['a:08006', 'b:s1'])
})

test('giving back inside the lease serves the next in turn', async () => {
  const { queue, log } = queueOf({ size: 1 })
  for (const who of ['a', 'b', 'c']) {
    queue.request({
      key: 'analyst',
      identity: who,
      onLease(server) {
        log.push(who)
        queue.giveBack(server)
      },
      onRefused: () => {},
    })
  }
  await turn()
  assert.deepEqual(log, ['a', 'b', 'c'])
})

test('a closed queue refuses waiters, closes idle connections, and leased ones when they come back', async () => {
  const { ask, back, log, opened, queue } = queueOf({ size: 2 })
  ask('a')
  ask('b')
  await turn()
  back('b')
  ask('c', { identity: 'c' })
  ask('d')
  queue.close()
  back('a')
  back('c')
  assert.deepEqual(log, ['a:s2', 'b:s1', 'c:s1', 'd:57P01'])
  assert.ok(opened.every((server) => server.closed))
})

test('a connection given back twice is lent once', async () => {
  const { ask, back, log } = queueOf({ size: 1 })
  ask('a')
  await turn()
  back('a')
  back('a')
  ask('b')
  ask('c')
  assert.deepEqual(log, ['a:s1', 'b:s1'])
})

test('never more than size connections, under random asking, giving back and losing', async () => {
  const { ask, back, queue, opened, leases } = queueOf({ size: 4, serversPerIdentity: 2 })
  let state = 7
  const below = (n: number) => {
    state = (state * 1103515245 + 12345) % 2147483648
    return state % n
  }
  const out = new Set<string>()
  for (let step = 0; step < 2000; step++) {
    const held = [...leases.keys()].filter((who) => !out.has(who))
    const one = held[below(Math.max(1, held.length))]
    if (below(2) === 0) ask(`w${step}`, { identity: `i${below(5)}`, key: `k${below(3)}` })
    else if (one !== undefined) {
      out.add(one)
      if (below(4) > 0) back(one)
      else {
        const server = leases.get(one) as Server
        queue.remove(server)
        server.close()
      }
    }
    if (below(3) === 0) await turn()
    assert.ok(opened.filter((server) => !server.closed).length <= 4)
    const now = [...leases].filter(([who]) => !out.has(who)).map(([, server]) => server)
    assert.equal(new Set(now).size, now.length, 'one connection was lent twice')
  }
})
