import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { connect as connectTls, TLSSocket } from 'node:tls'
import { silentAudit } from '../../src/audit/audit-log.ts'
import { systemClock } from '../../src/base/clock.ts'
import { silentLog } from '../../src/base/log.ts'
import { readProxyFiles } from '../../src/cli/proxy-files.ts'
import { startProxy } from '../../src/proxy/proxy.ts'
import { DOOR_POLICY, startDoor } from '../support/door.ts'

// Hot reload: a good file counts for the next connection and statement, a bad one changes nothing.
const door = await startDoor()
const path = (name: string) => join(door.directory, name)
const change = (name: string, edit: (text: string) => string) =>
  writeFileSync(path(name), edit(readFileSync(path(name), 'utf8')))
const count = 'select count(*) from public.orders'

test('a changed policy counts from the next statement of a live session', async () => {
  const client = await door.session({ token: await door.issuer.mint({ scope: 'orders:read' }) })
  assert.equal((await client.query(count)).error, undefined)
  writeFileSync(path('policy.yaml'), `${DOOR_POLICY}never: { select: [public.orders] }\n`)
  door.reload()
  assert.equal((await client.query(count)).error, '42501')
  writeFileSync(path('policy.yaml'), DOOR_POLICY)
  door.reload()
  assert.equal((await client.query(count)).error, undefined)
  client.close()
})

test('a policy that no longer yields the role ends the session', async () => {
  const client = await door.session()
  writeFileSync(path('policy.yaml'), DOOR_POLICY.replace('[ada, grace]', '[grace]'))
  door.reload()
  assert.equal((await client.next()).code, '57P01')
  assert.equal(await door.outcome(), '28000')
  writeFileSync(path('policy.yaml'), DOOR_POLICY)
  door.reload()
})

test('a bad file changes nothing and disturbs nobody', async () => {
  const client = await door.session()
  const before = door.proxy.generation
  for (const [name, edit] of [
    ['proxy.yaml', (text: string) => `${text}nonsense: 1\n`],
    ['policy.yaml', (text: string) => `${text}nonsense: 1\n`],
    ['server.key', () => 'not a key'],
  ] as const) {
    const text = readFileSync(path(name), 'utf8')
    change(name, edit)
    assert.throws(() => door.reload(), { code: 'CONFIG_INVALID' }, name)
    writeFileSync(path(name), text)
  }
  assert.equal(door.proxy.generation, before)
  assert.deepEqual((await client.query('select 1')).rows, [['1']])
  client.close()
})

test('a new certificate is shown to new connections', async () => {
  const renewed = door.certificates.authority.issue('localhost', { hosts: ['localhost', '127.0.0.1'] })
  writeFileSync(path('server.crt'), renewed.cert)
  writeFileSync(path('server.key'), renewed.key)
  door.reload()
  const client = await door.session()
  assert.ok(client.socket instanceof TLSSocket)
  assert.equal(client.socket.getPeerCertificate().serialNumber, new X509Certificate(renewed.cert).serialNumber)
  client.close()
})

test('an issuer that is taken out is refused, one that is put in is let in', async () => {
  const text = readFileSync(path('proxy.yaml'), 'utf8')
  change('proxy.yaml', (one) => one.replaceAll(door.issuer.url, 'https://other.example.com'))
  door.reload()
  assert.equal(await door.outcome(), '28000')
  writeFileSync(path('proxy.yaml'), text)
  door.reload()
  assert.equal(await door.outcome(), 'ok')
})

test('a new database is served, one that is taken out ends its sessions', async () => {
  const text = readFileSync(path('proxy.yaml'), 'utf8')
  const entry = / {2}app:[\s\S]*(?=policy:)/.exec(text)?.[0] ?? ''
  writeFileSync(path('proxy.yaml'), text.replace(entry, `${entry}${entry.replace('app:', 'second:')}`))
  door.reload()
  const client = await door.session({ parameters: { database: 'second' } })
  writeFileSync(path('proxy.yaml'), text)
  door.reload()
  assert.equal((await client.next()).code, '57P01')
  assert.equal(await door.outcome({ parameters: { database: 'second' } }), '3D000')
})

test('a limit counts from the next connection on', async () => {
  const text = readFileSync(path('proxy.yaml'), 'utf8')
  const client = await door.session()
  writeFileSync(path('proxy.yaml'), `${text}limits: { clients_per_identity: 1 }\n`)
  door.reload()
  assert.equal(await door.outcome(), '53300')
  assert.deepEqual((await client.query('select 1')).rows, [['1']])
  writeFileSync(path('proxy.yaml'), text)
  door.reload()
  client.close()
})

test('a session in transaction pooling goes on with its pool when the database’s entry changes', async () => {
  const text = readFileSync(path('proxy.yaml'), 'utf8')
  writeFileSync(
    path('proxy.yaml'),
    text.replace('allow_shared_code: true', 'allow_shared_code: true\n    pool: { mode: transaction }'),
  )
  door.reload()
  const client = await door.session()
  assert.deepEqual((await client.query('select 1')).rows, [['1']])
  writeFileSync(path('proxy.yaml'), text)
  door.reload()
  assert.deepEqual((await client.query('select 2')).rows, [['2']])
  client.close()
})

test('a reload is in the audit, one that is refused is not', () => {
  const reloads = () => door.audit.filter(({ event }) => event === 'policy_reloaded')
  const before = reloads().length
  door.reload()
  assert.equal(reloads().length, before + 1)
  assert.match(String(reloads().at(-1)?.reason), /databases app; policies .*policy\.yaml/)
  writeFileSync(path('policy.yaml'), 'nonsense')
  assert.throws(() => door.reload())
  writeFileSync(path('policy.yaml'), DOOR_POLICY)
  assert.equal(reloads().length, before + 1)
})

test('the certificates of admin and logout are renewed too, and are watched; a broken one changes nothing', async () => {
  const tls = 'tls: { cert: side.crt, key: side.key }'
  writeFileSync(path('side.crt'), door.certificates.server.cert)
  writeFileSync(path('side.key'), door.certificates.server.key)
  const text = readFileSync(path('proxy.yaml'), 'utf8')
  const file = path('sides.yaml')
  writeFileSync(
    file,
    `${text}admin: { address: "127.0.0.1:0", token_file: admin-token, ${tls} }
logout: { address: "127.0.0.1:0", client_ids: [x], ${tls} }
`,
  )
  const { watched, ...files } = readProxyFiles(file)
  for (const name of ['side.crt', 'side.key']) assert.ok(watched.includes(path(name)), name)
  const log = silentLog
  const proxy = await startProxy({ ...files, audit: silentAudit, clock: systemClock, log, env: {} })
  const shown = async () => {
    const numbers: string[] = []
    for (const address of [proxy.side?.admin, proxy.side?.logout]) {
      const socket = connectTls({ port: address?.port ?? 0, host: '127.0.0.1', rejectUnauthorized: false })
      await once(socket, 'secureConnect')
      numbers.push(socket.getPeerCertificate().serialNumber)
      socket.destroy()
    }
    return numbers
  }
  try {
    const before = await shown()
    const renewed = door.certificates.authority.issue('localhost', { hosts: ['localhost'] })
    writeFileSync(path('side.crt'), renewed.cert)
    assert.throws(() => proxy.reload(files.config, files.policies), { code: 'CONFIG_INVALID' })
    assert.deepEqual(await shown(), before)
    writeFileSync(path('side.key'), renewed.key)
    proxy.reload(files.config, files.policies)
    const number = new X509Certificate(renewed.cert).serialNumber
    assert.deepEqual(await shown(), [number, number])
  } finally {
    await proxy.stop()
  }
})

test('a policy that comes to give code on a login of several roles ends the sessions that were there before it', async () => {
  const strict = await startDoor({
    postgres: door.postgres,
    issuer: door.issuer,
    policyYaml: 'version: 1\nroles: [{ role: analyst, when: { sub: ada } }]\nscopes: { db:admin: { select: ["*"] } }\n',
    proxyYaml: (text) => text.replace('    allow_shared_code: true\n', ''),
  })
  const client = await strict.session({ token: await door.issuer.mint({ scope: 'db:admin' }) })
  writeFileSync(
    join(strict.directory, 'policy.yaml'),
    'version: 1\nroles: [{ role: analyst, when: { sub: ada } }]\nscopes: { db:admin: { code: ["*"] } }\n',
  )
  strict.reload()
  assert.equal((await client.next()).code, '57P01')
  assert.equal(await strict.outcome(), '08004')
})
