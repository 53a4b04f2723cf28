import assert from 'node:assert/strict'
import { appendFileSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { openAuditLog } from '../../src/audit/audit-file.ts'
import { auditPathOf } from '../../src/audit/audit-path.ts'
import { silentLog } from '../../src/base/log.ts'
import { runCommand, startCommand } from '../support/command.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

const directory = temporaryDirectory()
const keyFile = join(directory, 'key')
writeFileSync(keyFile, 'k'.repeat(32))
const path = join(directory, 'audit.jsonl')
const options = { path, keyFile, allowed: false, onFailure: 'refuse', minFreeBytes: 0 } as const
const log = openAuditLog(options, new FakeClock(), silentLog)
log.record({
  event: 'statement_denied',
  request_id: '0123456789abcdef',
  subject: 'ada\u001b[31m',
  role: 'analyst',
  action: 'update',
  object: 'sales.orders',
  sql_fingerprint: 'update sales . orders set total = ?',
  scopes: ['orders:read'],
  reason: 'update on sales.orders (total) is given by no scope',
  missing_scopes: ['orders:write', 'db:admin'],
})
log.close()

test('verify says that nothing was changed, and the head on stdout', async () => {
  const { code, stdout } = await runCommand(['audit', 'verify', path, '--key-file', keyFile])
  assert.deepEqual([code, stdout], [0, `${log.head}\n`])
})

test('verify exits 1 and names the line where one was changed', async () => {
  const changed = join(directory, 'changed.jsonl')
  writeFileSync(changed, readFileSync(path, 'utf8').replace('orders:read', 'orders:rEad'))
  const { code, stdout, stderr } = await runCommand(['audit', 'verify', changed, '--key-file', keyFile])
  assert.deepEqual([code, stdout], [1, ''])
  assert.match(stderr, /^line 2 does not fit into chain/)
})

test('verify with a head that was kept finds a cut end', async () => {
  const cut = join(directory, 'cut.jsonl')
  writeFileSync(cut, `${readFileSync(path, 'utf8').trimEnd().split('\n').slice(0, -1).join('\n')}\n`)
  const { code } = await runCommand(['audit', 'verify', cut, '--key-file', keyFile, '--head', String(log.head)])
  assert.equal(code, 1)
})

test('find shows event, reason and fix of a request id', async () => {
  const { code, stdout } = await runCommand(['audit', 'find', '0123456789abcdef', path])
  assert.equal(code, 0)
  assert.match(stdout, /statement denied {2}ada·\[31m as analyst {2}update sales\.orders {2}.*given by no scope/)
  assert.match(stdout, /fix +any one of these scopes allows it: orders:write, db:admin/)
})

test('find without an event says so and exits 1', async () => {
  const { code, stderr } = await runCommand(['audit', 'find', 'ffffffffffffffff', path])
  assert.equal(code, 1)
  assert.match(stderr, /no event has the request id/)
})

test('tail shows events as a person reads them, without control characters', async () => {
  const { stdout } = await runCommand(['audit', 'tail', path])
  assert.equal(stdout.trimEnd().split('\n').length, 3)
  assert.equal(stdout.includes('\u001b'), false)
})

test('tail follows a file through a rotation', async () => {
  const followed = join(directory, 'followed.jsonl')
  writeFileSync(followed, '{"event":"cancel","reason":"one"}\n')
  const running = startCommand(['audit', 'tail', followed, '-f'])
  await running.says(/one/)
  appendFileSync(followed, '{"event":"cancel","reason":"two"}\n')
  await running.says(/two/)
  renameSync(followed, `${followed}.1`)
  writeFileSync(followed, '{"event":"cancel","reason":"three"}\n')
  await running.says(/three/)
  const { code } = await running.end('SIGINT')
  assert.notEqual(code, null)
})

// Two workers' files, each with its chain.
const several = join(directory, 'several.jsonl')
const clock = new FakeClock()
const workers = [1, 2].map((worker) =>
  openAuditLog({ ...options, path: auditPathOf(several, worker) }, clock, silentLog),
)
for (const [at, reason] of ['one', 'two', 'three'].entries()) {
  await clock.advance(1000)
  workers[at % 2]?.record({ event: 'cancel', request_id: `000000000000000${at}`, reason })
}
for (const worker of workers) worker.close()

test('the files of further workers lie beside the first one', () => {
  assert.equal(auditPathOf('/var/log/audit.jsonl', 1), '/var/log/audit.jsonl')
  assert.equal(auditPathOf('/var/log/audit.jsonl', 2), '/var/log/audit.2.jsonl')
  assert.equal(auditPathOf('audit', 12), 'audit.12')
  assert.equal(auditPathOf('/audit.jsonl', 3), '/audit.3.jsonl')
})

test('verify, given one file, checks those of all workers, against a head of each', async () => {
  const heads = workers.map(({ head }) => String(head))
  const kept = heads.flatMap((head) => ['--head', head])
  const { code, stdout } = await runCommand(['audit', 'verify', several, '--key-file', keyFile, ...kept])
  assert.deepEqual([code, stdout], [0, `${heads.join('\n')}\n`])
  // Named beside it, a file is read once.
  const both = await runCommand(['audit', 'verify', several, auditPathOf(several, 2), '--key-file', keyFile])
  assert.equal(both.code, 0, both.stderr)
})

test('verify names file and line where one of several files was changed', async () => {
  const changed = join(directory, 'manipulated.jsonl')
  writeFileSync(changed, readFileSync(several))
  writeFileSync(auditPathOf(changed, 2), readFileSync(auditPathOf(several, 2), 'utf8').replace('two', 'TWO'))
  const { code, stderr } = await runCommand(['audit', 'verify', changed, '--key-file', keyFile])
  assert.equal(code, 1)
  assert.match(stderr, /^\S*manipulated\.2\.jsonl line 2 does not fit into chain/)
})

test('find and tail read the files of all workers, tail in the order of time', async () => {
  const found = await runCommand(['audit', 'find', '0000000000000001', several])
  assert.match(found.stdout, /two/)
  const { stdout } = await runCommand(['audit', 'tail', several, '--json', '-n', '50'])
  const reasons = stdout
    .trimEnd()
    .split('\n')
    .map((line) => (JSON.parse(line) as { reason?: string }).reason)
  assert.deepEqual(
    reasons.filter((reason) => reason !== undefined),
    ['one', 'two', 'three'],
  )
})
