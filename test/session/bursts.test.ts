import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import { encodeBind, encodeExecute, encodeParse, encodeQuery, encodeSync } from '../../src/wire/client-messages.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { GateScript, server } from './gate-script.ts'

/** On which each look takes a millisecond. */
function busyClock(): FakeClock {
  const clock = new FakeClock()
  let nowMs = 1
  clock.nowMs = () => nowMs++
  return clock
}

/** What other tests spent of this turn is not to count. */
beforeEach(() => turn())

const turn = () => new Promise((resolve) => setImmediate(resolve))
const parses = (count: number) => Array.from({ length: count }, (_, n) => encodeParse(`s${n}`, 'select 1'))

async function done(...scripts: GateScript[]): Promise<void> {
  for (let turns = 0; scripts.some(({ stalls }) => stalls.at(-1) === true); turns++) {
    assert.ok(turns < 10_000 && scripts.every(({ ended }) => ended === undefined))
    await turn()
  }
}

function sent(script: GateScript): number {
  return script.sentToServer().split(' P:').length
}

test('a burst is worked on a few milliseconds a turn of the event loop, and the client is not read meanwhile', async () => {
  const script = new GateScript({ clock: busyClock() })
  script.clientSends(...parses(100), encodeSync())
  assert.deepEqual(script.stalls, [true])
  const atOnce = sent(script)
  assert.ok(atOnce < 12, `${atOnce} at once`)
  await turn()
  assert.ok(sent(script) > atOnce && sent(script) < 2 * atOnce + 5, `${sent(script)} after a turn`)
  await done(script)
  script.serverGot(...parses(100), encodeSync())
})

test('bursts of many sessions share one turn, and whoever sends one message is not kept waiting', async () => {
  const flooding = Array.from({ length: 20 }, () => new GateScript({ clock: busyClock() }))
  for (const script of flooding) script.clientSends(...parses(50), encodeSync())
  const before = flooding.map(sent)
  const quiet = new GateScript({ clock: busyClock() })
  quiet.clientSends(encodeQuery('select 1'))
  quiet.serverGot(encodeQuery('select 1'))
  await turn()
  const after = flooding.map(sent)
  const moved = after.filter((count, at) => count > (before[at] ?? 0))
  assert.ok(moved.length > 0 && moved.length < 5, `${moved.length} of 20 had the turn`)
  await done(...flooding)
  for (const script of flooding) script.serverGot(...parses(50), encodeSync())
})

test('what a client usually sends at once is no burst', () => {
  const script = new GateScript({ clock: busyClock() })
  const whole = [encodeParse('', 'select 1'), encodeBind('', ''), encodeExecute(''), encodeSync()]
  for (let count = 0; count < 20; count++) script.clientSends(...whole)
  assert.deepEqual(script.stalls, [])
})

test('answers that come while a burst waits do not make it go on sooner', async () => {
  const script = new GateScript({ clock: busyClock() })
  script.clientSends(...parses(100), encodeSync())
  const atOnce = sent(script)
  for (let count = 0; count < 5; count++) script.serverSends(server.parseComplete)
  assert.equal(sent(script), atOnce)
  await done(script)
  assert.equal(sent(script), 100)
})

test('a denial in a burst is where it was sent', async () => {
  const script = new GateScript({ clock: busyClock() })
  script.clientSends(...parses(30), encodeParse('', 'select * from secret'), ...parses(30), encodeSync())
  await done(script)
  assert.equal(sent(script), 31)
  script.serverSends(...Array.from({ length: 30 }, () => server.parseComplete), server.error(), server.ready())
  script.clientGotTags(`${'1 '.repeat(30)}E(42501) Z(I)`)
})
