import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AuditEvent } from '../../src/audit/audit-event.ts'
import { silentAudit } from '../../src/audit/audit-log.ts'
import { silentLog } from '../../src/base/log.ts'
import { RefusalRecord } from '../../src/proxy/refusal-record.ts'
import { FakeClock } from '../support/fake-clock.ts'

function record() {
  const events: AuditEvent[] = []
  const clock = new FakeClock()
  const audit = { ...silentAudit, record: (event: AuditEvent) => void events.push(event) }
  return { events, clock, record: new RefusalRecord(audit, clock, silentLog) }
}
const refused = (client_address: string) => ({ event: 'session_refused', client_address }) as const

test('the first refusals of an address have a line each, the rest one line with their number', async () => {
  const { events, clock, record: one } = record()
  for (let time = 0; time < 1_000; time++) one.record(refused('192.0.2.1'))
  assert.equal(events.length, 20)
  await clock.advance(60_000)
  assert.equal(events.length, 21)
  assert.equal(events.at(-1)?.repeated, 980)
})

test('one address does not silence another', () => {
  const { events, record: one } = record()
  for (let time = 0; time < 100; time++) one.record(refused('192.0.2.1'))
  one.record(refused('192.0.2.2'))
  assert.equal(events.at(-1)?.client_address, '192.0.2.2')
})

test('a flood from everywhere is bounded, too', async () => {
  const { events, clock, record: one } = record()
  for (let host = 0; host < 50_000; host++) one.record(refused(`2001:db8::${host.toString(16)}`))
  await clock.advance(60_000)
  assert.ok(events.length < 1_100)
})

test('what was counted is written at the end', () => {
  const { events, record: one } = record()
  for (let time = 0; time < 25; time++) one.record(refused('192.0.2.1'))
  one.close()
  assert.equal(events.at(-1)?.repeated, 5)
})
