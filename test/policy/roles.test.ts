import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Subject } from '../../src/base/brand.ts'
import type { Identity } from '../../src/base/identity.ts'
import { loadPolicy } from '../../src/policy/policy-file.ts'
import { chooseRole } from '../../src/policy/roles.ts'

const POLICY = `
version: 1
roles:
  - role: dba
    when: { groups: dba }
  - role: analyst
    when: { groups: [analysts, finance], email_verified: true }
  - role: nested
    when: { realm_access.roles: reader }
  - role: pod
    when: { kubernetes.io.namespace: batch }
  - role: elsewhere
    issuer: https://other.example
  - role: "{preferred_username}"
    among: [ada, grace]
`

function role(claims: Record<string, unknown>, user?: string, issuer = 'https://id.example') {
  const result = loadPolicy('p.yaml', () => POLICY)
  assert.ok(result.ok, JSON.stringify(result))
  const subject = 'u1' as Subject
  const identity: Identity = { issuer, subject, clientId: undefined, scopes: [], claims, expiresAtSeconds: 0 }
  return chooseRole(result.policy, identity, user)
}

describe('role rules', () => {
  it('a condition holds where the claim equals it or its array contains it', () => {
    assert.equal(role({ groups: 'dba' }), 'dba')
    assert.equal(role({ groups: ['x', 'dba'] }), 'dba')
    assert.equal(role({ groups: ['x'] }), undefined)
  })
  it('a list in a condition means any of them, and all conditions must hold', () => {
    assert.equal(role({ groups: ['finance'], email_verified: true }), 'analyst')
    assert.equal(role({ groups: ['finance'] }), undefined)
  })
  it('values are compared without conversion', () => {
    assert.equal(role({ groups: ['finance'], email_verified: 'true' }), undefined)
  })
  it('a dotted key is a path, and a claim of that whole name comes first', () => {
    assert.equal(role({ realm_access: { roles: ['reader'] } }), 'nested')
    assert.equal(role({ 'realm_access.roles': 'reader' }), 'nested')
  })
  it('a path goes through claims that have dots in their names', () => {
    assert.equal(role({ 'kubernetes.io': { namespace: 'batch' } }), 'pod')
  })
  it('a path does not reach what every object inherits', () => {
    assert.equal(role({ realm_access: 'reader' }), undefined)
  })
  it('a role from a claim is taken only if it is one of those listed', () => {
    assert.equal(role({ preferred_username: 'ada' }), 'ada')
    assert.equal(role({ preferred_username: 'postgres' }), undefined)
    assert.equal(role({ preferred_username: ['ada'] }), undefined)
  })
  it('the requested user picks among what the rules yield and grants nothing', () => {
    assert.equal(role({ groups: ['dba'], preferred_username: 'ada' }, 'ada'), 'ada')
    assert.equal(role({ groups: ['dba'], preferred_username: 'ada' }, 'postgres'), 'dba')
  })
  it('a rule for another issuer does not count', () => {
    assert.equal(role({}), undefined)
    assert.equal(role({}, undefined, 'https://other.example'), 'elsewhere')
  })
})
