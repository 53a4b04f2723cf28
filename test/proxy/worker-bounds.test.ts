import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import type { DatabaseConfig } from '../../src/config/proxy-config.ts'
import { LeaseQueue, type Poolable } from '../../src/pool/lease-queue.ts'
import { WorkerPermits } from '../../src/proxy/worker-permits.ts'
import { WorkerPools } from '../../src/proxy/worker-pools.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { Random } from '../support/random.ts'

interface Server extends Poolable {
  readonly slot: number
}

interface Lease {
  readonly identity: string
  server: Server | undefined
  refused: boolean
}

/** Workers' queues with their permits, one primary, and a wire between them that is slow; all in this process. */
function crewOf(
  workers: number,
  pool: { mode: 'session' | 'transaction'; size: number; serversPerIdentity?: number },
  random = new Random(1),
) {
  const clock = new FakeClock()
  const permits = new WorkerPermits()
  const config = { mode: pool.mode, size: pool.size, serversPerIdentity: pool.serversPerIdentity ?? 100 }
  const limits = { ...config, minIdle: 0, idleMs: 600_000, maxAgeMs: 3_600_000, waitMs: 60_000 }
  const database = { name: 'app', logins: new Map(), pool: { ...limits, batch: false } } as unknown as DatabaseConfig
  /** Messages on their way, by direction and worker: each way keeps its order. */
  const wires = new Map<string, (() => void)[]>()
  const later = (wire: string, action: () => void) => {
    wires.set(wire, [...(wires.get(wire) ?? []), action])
  }
  let open = 0
  let most = 0
  const queues = Array.from({ length: workers }, (_, at) => {
    const slot = at + 1
    const office = permits.officeOf({
      id: slot,
      grant: (...args) => later(`to ${slot}`, () => pools.grant(...args)),
      press: (...args) => later(`to ${slot}`, () => pools.press(...args)),
    })
    const pools = new WorkerPools({
      workers,
      slot,
      clock,
      office: {
        want: (...args) => later(`from ${slot}`, () => office.want(...args)),
        giveBack: (...args) => later(`from ${slot}`, () => office.giveBack(...args)),
      },
    })
    const queue: LeaseQueue<Server> = new LeaseQueue<Server>({
      limits,
      bounds: pools.bounds(database),
      clock,
      async open() {
        queue.bounds.opening()
        most = Math.max(most, ++open)
        await turn()
        return {
          slot,
          openedAtMs: clock.nowMs(),
          close() {
            // The server closes its end a moment later.
            later(`close ${slot}`, () => {
              open--
              queue.bounds.ended()
            })
          },
        }
      },
    })
    return queue
  })
  const deliver = async () => {
    await turn()
    for (const [, wire] of wires) {
      const count = random.below(3)
      for (const action of wire.splice(0, count)) action()
    }
    await turn()
  }
  return {
    clock,
    queues,
    permits,
    get most() {
      return most
    },
    get open() {
      return open
    },
    ask(slot: number, identity: string): Lease {
      const lease: Lease = { identity, server: undefined, refused: false }
      queues[slot - 1]?.request({
        key: 'analyst',
        identity,
        onLease: (server) => {
          lease.server = server
        },
        onRefused: () => {
          lease.refused = true
        },
      })
      return lease
    },
    giveBack(lease: Lease) {
      const { server } = lease
      assert.ok(server)
      queues[server.slot - 1]?.giveBack(server)
    },
    deliver,
    async settled(ms = 0) {
      for (let time = 0; time < 40; time++) {
        await deliver()
        await clock.advance(ms / 40)
      }
    },
  }
}

for (const mode of ['session', 'transaction'] as const) {
  test(`random leases in ${mode} mode over slow messages never have more than size, and all come to an end`, async () => {
    for (let seed = 1; seed <= 40; seed++) {
      const random = new Random(seed)
      const workers = 2 + random.below(4)
      const size = 1 + random.below(8)
      const share = 1 + random.below(4)
      const crew = crewOf(workers, { mode, size, serversPerIdentity: share }, random)
      const pending = new Set<Lease>()
      let served = 0
      for (let step = 0; step < 600; step++) {
        if (step < 400 && pending.size < 30 && random.below(2) === 0) {
          pending.add(crew.ask(1 + random.below(workers), `p${random.below(5)}`))
        }
        await crew.deliver()
        if (random.below(4) === 0) await crew.clock.advance(20)
        const held = [...pending].filter(({ server }) => server !== undefined)
        assert.ok(crew.open <= size, `seed ${seed}: ${crew.open} of ${size} server connections`)
        for (const identity of ['p0', 'p1', 'p2', 'p3', 'p4']) {
          const has = held.filter((one) => one.identity === identity).length
          assert.ok(has <= share, `seed ${seed}: ${has} of ${share} for one person`)
        }
        for (const lease of held) {
          if (random.below(3) > 0) continue
          pending.delete(lease)
          crew.giveBack(lease)
          served++
        }
      }
      for (let time = 0; time < 400 && pending.size > 0; time++) {
        for (const lease of pending) {
          if (lease.server === undefined) continue
          pending.delete(lease)
          crew.giveBack(lease)
          served++
        }
        await crew.deliver()
        await crew.clock.advance(20)
      }
      assert.equal(pending.size, 0, `seed ${seed}: ${pending.size} never served, ${served} were`)
      assert.equal(crew.most <= size, true)
    }
  })
}

test('a worker that has all permits gives those that are idle to another at once', async () => {
  const crew = crewOf(2, { mode: 'session', size: 3 })
  const leases = [1, 2, 3].map((n) => crew.ask(1, `p${n}`))
  await crew.settled()
  for (const lease of leases) crew.giveBack(lease)
  const other = crew.ask(2, 'q')
  await crew.settled()
  assert.ok(other.server)
})

test('in session mode the longest waiter of all workers comes first', async () => {
  const crew = crewOf(3, { mode: 'session', size: 1 })
  const first = crew.ask(1, 'first')
  await crew.settled()
  const waiting: Lease[] = []
  for (const slot of [2, 1, 3, 1]) {
    await crew.clock.advance(5)
    waiting.push(crew.ask(slot, `w${waiting.length}`))
    await crew.settled()
  }
  crew.giveBack(first)
  for (const next of waiting) {
    await crew.settled()
    assert.deepEqual(
      waiting.filter(({ server }) => server !== undefined),
      waiting.slice(0, waiting.indexOf(next) + 1),
    )
    crew.giveBack(next)
  }
})

test('in transaction mode a worker that comes late gets its part of a busy pool, lease by lease', async () => {
  const crew = crewOf(2, { mode: 'transaction', size: 6 })
  const busy = Array.from({ length: 12 }, (_, n) => crew.ask(1, `p${n}`))
  await crew.settled(200)
  assert.equal(busy.filter(({ server }) => server).length, 6)
  const late = Array.from({ length: 12 }, (_, n) => crew.ask(2, `q${n}`))
  await crew.settled(100)
  for (let time = 0; time < 3; time++) {
    const lease = busy.find(({ server }) => server !== undefined)
    assert.ok(lease)
    busy.splice(busy.indexOf(lease), 1)
    crew.giveBack(lease)
    await crew.settled(100)
  }
  assert.equal(late.filter(({ server }) => server).length, 3)
  const more = busy.find(({ server }) => server !== undefined)
  assert.ok(more)
  crew.giveBack(more)
  await crew.settled(100)
  assert.equal(late.filter(({ server }) => server).length, 3, 'its part and no more')
})

test('while permits suffice a lease asks the primary nothing', async () => {
  const crew = crewOf(2, { mode: 'transaction', size: 4 })
  crew.giveBack(await leased(crew, 1, 'ada'))
  await crew.settled()
  for (let time = 0; time < 50; time++) {
    const lease = crew.ask(1, 'ada')
    assert.ok(lease.server, 'it is lent inside the request')
    crew.giveBack(lease)
  }
})

test('no pot is left once nobody has or wants anything', async () => {
  const crew = crewOf(2, { mode: 'transaction', size: 4 })
  crew.giveBack(await leased(crew, 1, 'ada'))
  crew.giveBack(await leased(crew, 2, 'grace'))
  for (const queue of crew.queues) queue.close()
  await crew.settled(10_000)
  assert.equal(crew.permits.pots, 0)
  assert.equal(crew.open, 0)
})

async function leased(crew: ReturnType<typeof crewOf>, slot: number, identity: string): Promise<Lease> {
  const lease = crew.ask(slot, identity)
  await crew.settled(100)
  assert.ok(lease.server)
  return lease
}
