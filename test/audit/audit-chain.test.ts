import assert from 'node:assert/strict'
import { appendFileSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { openAuditLog } from '../../src/audit/audit-file.ts'
import { AuditVerification } from '../../src/audit/audit-verification.ts'
import { silentLog } from '../../src/base/log.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

const directory = temporaryDirectory()
const KEY = Buffer.from('0123456789abcdef0123456789abcdef')
const keyFile = join(directory, 'key')
writeFileSync(keyFile, `${KEY.toString()}\n`)
let files = 0

function open(path = join(directory, `chained-${++files}.jsonl`)) {
  const options = { path, keyFile, allowed: false, onFailure: 'refuse', minFreeBytes: 0 } as const
  return { path, log: openAuditLog(options, new FakeClock(), silentLog) }
}

function threeEvents(): { path: string; lines: string[]; head: string | undefined } {
  const { path, log } = open()
  for (const object of ['a', 'b', 'c']) log.record({ event: 'statement_denied', object })
  log.close()
  return { path, lines: linesOf(path), head: log.head }
}

function linesOf(...paths: string[]): string[] {
  return paths.flatMap((path) => readFileSync(path, 'utf8').trimEnd().split('\n'))
}

function flawsOf(lines: readonly string[], head?: string, key = KEY): string[] {
  const verification = new AuditVerification(key, head)
  for (const line of lines) verification.line(line)
  return verification.finish().flaws.map(({ line, what }) => `${line} ${what}`)
}

test('a chain as it was written has no flaw, and its head fits', () => {
  const { lines, head } = threeEvents()
  assert.deepEqual(flawsOf(lines, head), [])
})

test('any bit changed in any line is a flaw', () => {
  const { lines } = threeEvents()
  for (let line = 0; line < lines.length; line++) {
    const text = lines[line] ?? ''
    for (let at = 0; at < text.length; at++) {
      const other = text.charCodeAt(at) === 0x78 ? 'y' : 'x'
      const changed = lines.with(line, text.slice(0, at) + other + text.slice(at + 1))
      assert.notDeepEqual(flawsOf(changed), [], `line ${line}, character ${at}`)
    }
  }
})

test('any line taken out, doubled or moved is a flaw', () => {
  const { lines, head } = threeEvents()
  for (let line = 0; line < lines.length; line++) {
    assert.notDeepEqual(flawsOf(lines.toSpliced(line, 1), head), [])
    assert.notDeepEqual(flawsOf(lines.toSpliced(line, 0, lines[line] ?? '')), [])
    if (line > 0)
      assert.notDeepEqual(flawsOf(lines.with(line, lines[line - 1] ?? '').with(line - 1, lines[line] ?? '')), [])
  }
})

test('a cut end shows where the head was kept', () => {
  const { lines, head } = threeEvents()
  assert.deepEqual(flawsOf(lines.slice(0, -1)), [])
  assert.equal(flawsOf(lines.slice(0, -1), head).length, 1)
})

test('another key fits nothing', () => {
  const { lines } = threeEvents()
  assert.equal(flawsOf(lines, undefined, Buffer.alloc(32)).length, lines.length)
})

test('a chain goes on through a rotation', () => {
  const { path, log } = open()
  log.record({ event: 'session_opened' })
  renameSync(path, `${path}.1`)
  log.reopen()
  log.record({ event: 'session_closed' })
  log.close()
  assert.deepEqual(flawsOf(linesOf(`${path}.1`, path), log.head), [])
  assert.deepEqual(flawsOf(linesOf(path), log.head), [])
  assert.notDeepEqual(flawsOf(linesOf(path).slice(1), log.head), [])
})

test('a new process begins a new chain that names the last link of the one before', () => {
  const { path, lines, head } = threeEvents()
  open(path).log.close()
  const started = JSON.parse(linesOf(path)[lines.length] ?? '') as { event: string; after: string }
  assert.equal(started.event, 'chain_started')
  assert.equal(started.after, head?.split(':')[2])
  assert.deepEqual(flawsOf(linesOf(path)), [])
})

test('a line that a crash cut off is ended, and shows', () => {
  const { path } = threeEvents()
  appendFileSync(path, '{"time":"20')
  open(path).log.close()
  assert.deepEqual(flawsOf(linesOf(path)), ['6 is not a chained audit line'])
})

test('a thousand lines have a checkpoint among them', () => {
  const { path, log } = open()
  for (let count = 0; count < 1000; count++) log.record({ event: 'cancel' })
  assert.equal(linesOf(path).filter((line) => line.includes('"checkpoint"')).length, 1)
  assert.deepEqual(flawsOf(linesOf(path), log.head), [])
})

test('an event is bounded, whatever is in it', () => {
  const { path, log } = open()
  const long = 'x'.repeat(100_000)
  log.record({ event: 'statement_denied', object: long, scopes: Array(10_000).fill(long), reason: long })
  const [, line = ''] = linesOf(path)
  assert.ok(line.length < 17_000, `${line.length}`)
  assert.deepEqual(flawsOf(linesOf(path)), [])
})

test('a key that is too short is refused', () => {
  writeFileSync(join(directory, 'short'), 'short\n')
  const options = { path: join(directory, 'x'), allowed: false, onFailure: 'refuse', minFreeBytes: 0 } as const
  assert.throws(() => openAuditLog({ ...options, keyFile: join(directory, 'short') }, new FakeClock(), silentLog), {
    code: 'CONFIG_INVALID',
  })
})
