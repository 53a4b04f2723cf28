import assert from 'node:assert/strict'
import { readFileSync, renameSync, statSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { type AuditFileOptions, openAuditLog } from '../../src/audit/audit-file.ts'
import { silentLog } from '../../src/base/log.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

const directory = temporaryDirectory()
const clock = new FakeClock(Date.UTC(2026, 0, 2, 3, 4, 5))

function options(name: string, more: Partial<AuditFileOptions> = {}): AuditFileOptions {
  const path = join(directory, name)
  return { path, keyFile: undefined, allowed: false, onFailure: 'refuse', minFreeBytes: 0, ...more }
}

test('an event is one line, with its time, before record returns, in a file of its owner only', () => {
  const chosen = options('one.jsonl')
  openAuditLog(chosen, clock, silentLog).record({ event: 'statement_denied', subject: 'a"\n', action: 'delete' })
  assert.equal(
    readFileSync(chosen.path, 'utf8'),
    '{"time":"2026-01-02T03:04:05.000Z","event":"statement_denied","subject":"a\\"\\n","action":"delete"}\n',
  )
  assert.equal(statSync(chosen.path).mode & 0o777, 0o600)
})

test('allowed statements are written only where that is asked for', () => {
  const [without, with_] = [options('without.jsonl'), options('with.jsonl', { allowed: true })]
  for (const chosen of [without, with_]) openAuditLog(chosen, clock, silentLog).record({ event: 'statement_allowed' })
  assert.deepEqual([statSync(without.path).size > 0, statSync(with_.path).size > 0], [false, true])
})

test('after a rotation it goes on in a new file of the same name', () => {
  const chosen = options('rotated.jsonl')
  const log = openAuditLog(chosen, clock, silentLog)
  log.record({ event: 'session_opened' })
  renameSync(chosen.path, `${chosen.path}.1`)
  log.reopen()
  log.record({ event: 'session_closed' })
  assert.match(readFileSync(`${chosen.path}.1`, 'utf8'), /session_opened"}\n$/)
  assert.match(readFileSync(chosen.path, 'utf8'), /^[^\n]*session_closed"}\n$/)
})

test('a disk with too little left refuses the statement, or is complained of', () => {
  const full = { minFreeBytes: Number.MAX_SAFE_INTEGER }
  const refusing = openAuditLog(options('full.jsonl', full), clock, silentLog)
  assert.throws(() => refusing.record({ event: 'statement_denied' }), { code: 'AUDIT_UNAVAILABLE' })
  const complaints: string[] = []
  const log = { ...silentLog, error: (_fields: object, message: string) => complaints.push(message) }
  const going = openAuditLog(options('full.jsonl', { ...full, onFailure: 'continue' }), clock, log)
  going.record({ event: 'statement_denied' })
  assert.deepEqual(complaints, ['the audit cannot be written'])
})

test('a path that cannot be a file is refused at once', () => {
  assert.throws(() => openAuditLog({ ...options('x'), path: directory }, clock, silentLog), {
    code: 'AUDIT_UNAVAILABLE',
  })
})
