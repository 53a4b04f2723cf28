import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { parse, stringify } from 'yaml'
import { startDoor } from '../support/door.ts'
import { ISSUER_FIXTURES, type IssuerFixture } from '../support/issuer-fixtures.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { type ForgeKey, newForgeKey, publicJwk, signTexts } from '../support/token-forge.ts'

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../../..')
const guide = readFileSync(join(root, 'docs/ISSUERS.md'), 'utf8')

/** The two blocks of a section of the guide. */
function documented(name: string): { issuer: Record<string, unknown>; role: Record<string, unknown> } {
  const section = guide.split(/^## /m).find((one) => one.startsWith(`${name}\n`)) ?? ''
  const blocks = [...section.matchAll(/```yaml\n(.*?)```/gs)].map(([, text]) => parse(text ?? ''))
  return { issuer: blocks[0].issuers[0], role: blocks[1].roles[0] }
}

const keys = new Map<string, ForgeKey>(ISSUER_FIXTURES.map(({ name }) => [name, newForgeKey('RS256', `${name} key`)]))
const directory = temporaryDirectory()
const issuers = ISSUER_FIXTURES.map(({ name }) => {
  const file = join(directory, `${name}.json`)
  writeFileSync(file, JSON.stringify({ keys: [publicJwk(keys.get(name) as ForgeKey)] }))
  return { ...documented(name).issuer, jwks_file: file }
})
const door = await startDoor({
  proxyYaml: (text) => stringify({ ...parse(text), issuers }),
  policyYaml: stringify({
    version: 1,
    roles: ISSUER_FIXTURES.map(({ name }) => documented(name).role),
    scopes: { 'orders:read': { select: ['public.orders'] }, 'orders:write': { insert: ['public.orders'] } },
  }),
})

function tokenOf({ name, header, claims }: IssuerFixture, more: Record<string, unknown> = {}): string {
  const key = keys.get(name) as ForgeKey
  const now = Math.floor(Date.now() / 1000)
  const times = { iat: now - 5, nbf: now - 5, exp: now + 300 }
  return signTexts(JSON.stringify({ ...header, kid: key.kid }), JSON.stringify({ ...times, ...claims, ...more }), key)
}

for (const fixture of ISSUER_FIXTURES) {
  test(`a token of ${fixture.name} gives the documented role and scopes`, async () => {
    const client = await door.session({ token: tokenOf(fixture) })
    const { rows } = await client.query('select current_user')
    client.close()
    const opened = door.audit.findLast(({ event }) => event === 'session_opened')
    assert.deepEqual([rows[0]?.[0], opened?.scopes], [fixture.role, fixture.scopes])
    assert.deepEqual([opened?.issuer, opened?.subject], [fixture.claims.iss, fixture.claims.sub])
  })
}

function fixture(name: string): IssuerFixture {
  const found = ISSUER_FIXTURES.find((one) => one.name === name)
  assert.ok(found)
  return found
}

test('a token of one issuer gets nothing by claims that another’s role rule asks for', async () => {
  const token = tokenOf(fixture('Keycloak'), { realm_access: {}, groups: ['analysts'], roles: ['analyst'] })
  assert.equal(await door.outcome({ token }), '28000')
  assert.match(String(door.reasons().at(-1)), /no role rule/)
})

test('the same subject at another issuer is somebody else', async () => {
  const { sub } = fixture('Kubernetes').claims
  assert.equal(await door.outcome({ token: tokenOf(fixture('Okta'), { sub, groups: [] }) }), '28000')
})

test('one issuer’s key signs nothing for another', async () => {
  const okta = fixture('Okta')
  const token = tokenOf({ ...okta, name: 'Auth0' })
  assert.equal(await door.outcome({ token }), '28000')
  assert.match(String(door.reasons().at(-1)), /no key for it/)
})

test('Entra’s group overage is refused, and the log says what to do', async () => {
  const more = { _claim_names: { groups: 'src1' }, _claim_sources: { src1: { endpoint: 'https://graph.example' } } }
  assert.equal(await door.outcome({ token: tokenOf(fixture('Microsoft Entra ID'), more) }), '28000')
  assert.match(String(door.reasons().at(-1)), /group overage.*assign application roles/)
})

test('a job of another branch has a token of the same issuer, and no role', async () => {
  const more = { ref: 'refs/heads/evil', sub: 'repo:acme/app:ref:refs/heads/evil' }
  assert.equal(await door.outcome({ token: tokenOf(fixture('GitHub Actions'), more) }), '28000')
})

test('Keycloak’s ID and refresh tokens are refused', async () => {
  for (const typ of ['ID', 'Refresh', 'Offline']) {
    assert.equal(await door.outcome({ token: tokenOf(fixture('Keycloak'), { typ }) }), '28000')
    assert.match(String(door.reasons().at(-1)), /calls itself an ID or refresh token/)
  }
})

test('Auth0’s scope counts for nothing where permissions are what counts', async () => {
  const client = await door.session({ token: tokenOf(fixture('Auth0'), { permissions: [] }) })
  client.close()
  assert.deepEqual(door.audit.findLast(({ event }) => event === 'session_opened')?.scopes, [])
})
