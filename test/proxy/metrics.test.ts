import assert from 'node:assert/strict'
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { silentLog } from '../../src/base/log.ts'
import { notifySystemd } from '../../src/cli/systemd.ts'
import { startDoor } from '../support/door.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

const door = await startDoor()
const metrics = () => door.proxy.metrics.registry.metrics()

test('statements, denials and server connections are counted', async () => {
  const client = await door.session({ token: await door.issuer.mint({ scope: 'orders:read' }) })
  await client.query('select 1; select 2')
  await client.query('delete from public.orders')
  const text = await metrics()
  assert.match(text, /^pgoauth_statements_completed_total 2$/m)
  assert.match(text, /^pgoauth_audit_events_total\{event="statement_denied"\} 1$/m)
  assert.match(text, /^pgoauth_audit_events_total\{event="session_opened"\} 1$/m)
  assert.match(text, /^pgoauth_server_connections\{database="app",state="leased"\} 1$/m)
  client.close()
})

test('no label holds what a client sent', async () => {
  await door.outcome({
    token: 'bad',
    parameters: { user: 'marker-user', database: 'marker-database', application_name: 'marker-name' },
  })
  await door.outcome({ parameters: { database: 'marker-database' } })
  assert.doesNotMatch(await metrics(), /marker/)
})

test('systemd is told by its own tool, and only where it asked', async () => {
  const directory = temporaryDirectory()
  const tool = join(directory, 'systemd-notify')
  writeFileSync(tool, `#!/bin/sh\necho "$@" >> ${directory}/told\n`)
  chmodSync(tool, 0o755)
  writeFileSync(join(directory, 'told'), '')
  const env = { PATH: `${directory}:${process.env.PATH}` }
  notifySystemd('READY=1', env, silentLog)
  notifySystemd('STOPPING=1', { ...env, NOTIFY_SOCKET: '/run/none' }, silentLog)
  for (let time = 0; time < 50 && readFileSync(join(directory, 'told'), 'utf8') === ''; time++) {
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  assert.equal(readFileSync(join(directory, 'told'), 'utf8'), `--pid=${process.pid} STOPPING=1\n`)
})
