import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startDoor } from '../support/door.ts'
import { startTestIssuer } from '../support/issuer.ts'

// What a database says for itself: its issuers, required scopes, policy; and what the server shows of who is there.
const second = await startTestIssuer({ settings: { defaultResource: 'postgres://test', scopes: ['orders:read'] } })
const door = await startDoor({
  proxyYaml: (text) => {
    const entry = / {2}app:[\s\S]*(?=policy:)/.exec(text)?.[0] ?? ''
    const like = (name: string, more: string) => entry.replace('  app:\n', `  ${name}:\n${more}`)
    const issuer = / {2}- issuer:[\s\S]*?(?=databases:)/.exec(text)?.[0] ?? ''
    const [first] = /http:\S+/.exec(issuer) ?? ['']
    return text
      .replace(
        issuer,
        `${issuer}    scopes_allowed: ["*"]\n${issuer.replace(first, second.url)}    scopes_allowed: [orders:read]\n`,
      )
      .replace(
        entry,
        `${entry}${like('strict', '    required_scopes: [db:admin]\n')}${like('theirs', `    issuers: [${second.url}]\n`)}${like('tagged', '    tag_application_name: true\n')}`,
      )
  },
  policyYaml: `version: 1
roles:
  - { role: analyst, issuer: "*", when: { sub: [ada, grace] } }
scopes: { "orders:read": { select: [public.orders] }, "db:admin": all }
`,
})
const outcome = (database: string, token: string) => door.outcome({ token, parameters: { database } })

test('a database may require a scope', async () => {
  assert.equal(await outcome('strict', await door.issuer.mint({ scope: 'orders:read' })), '28000')
  assert.equal(await outcome('strict', await door.issuer.mint({ scope: 'db:admin' })), 'ok')
})

test('a database may be for one issuer alone', async () => {
  assert.equal(await outcome('theirs', await door.issuer.mint()), '28000')
  assert.equal(await outcome('theirs', await second.mint()), 'ok')
})

test('an issuer confers no scope beyond what it may', async () => {
  const token = await second.mint({ scope: 'orders:read db:admin' })
  const client = await door.session({ token })
  assert.equal((await client.query('delete from public.orders where id = 99')).error, '42501')
  client.close()
  assert.equal(await outcome('strict', token), '28000')
})

test('one issuer cannot renew a session of the other’s person of the same name', async () => {
  const { Secret } = await import('../../src/base/secret.ts')
  const { encodeInitialResponse } = await import('../../src/sasl/oauthbearer.ts')
  const { encodeSaslResponse } = await import('../../src/wire/authentication.ts')
  const client = await door.session({ parameters: { '_pq_.pgoauth': '1' } })
  client.send(encodeSaslResponse(encodeInitialResponse(new Secret(await second.mint()))))
  assert.equal((await client.until('E')).at(-1)?.code, '28000')
})

test('tag_application_name shows the subject on the server, and the client its own name', async () => {
  const client = await door.connect()
  const token = await door.issuer.mint({ scope: 'db:admin' })
  const messages = await client.login(token, { database: 'tagged', application_name: 'report' })
  const told = messages.filter(({ tag }) => tag === 'S').map(({ body }) => body.toString('utf8'))
  assert.ok(told.includes('application_name\0report\0'))
  const { rows } = await client.query('select application_name from pg_stat_activity where pid = pg_backend_pid()')
  assert.deepEqual(rows, [['report (ada)']])
  client.close()
})

test('what is under observation is said in a metric', async () => {
  assert.match(await door.proxy.metrics.registry.metrics(), /^pgoauth_policy_observing\{database="app"\} 0$/m)
})
