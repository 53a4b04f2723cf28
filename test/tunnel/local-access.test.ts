import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Profile } from '../../src/config/profiles.ts'
import { chooseLocalAccess, sameUserAccess } from '../../src/tunnel/local-access.ts'

function choose(localAuth: Profile['localAuth'], listen: Profile['listen'], hasSocketTable: boolean, anyPort = false) {
  return chooseLocalAccess({ name: 'prod', localAuth, listen }, { anyPort, hasSocketTable })
}

const LOOPBACK = { kind: 'tcp', address: '127.0.0.1', port: 1 } as const
const OUTSIDE = { kind: 'tcp', address: '0.0.0.0', port: 1 } as const
const SOCKET = { kind: 'unix', directory: '/x', port: 5432 } as const

test('auto is same-user where the kernel tells whose connection it is', () => {
  assert.equal(choose('auto', LOOPBACK, true), 'same-user')
  assert.equal(choose('auto', undefined, true), 'same-user')
})

test('auto is a password elsewhere', () => {
  assert.equal(choose('auto', LOOPBACK, false), 'password')
})

test('other machines always give the password, whatever the profile says', () => {
  for (const localAuth of ['auto', 'same-user', 'password', 'none'] as const) {
    assert.equal(choose(localAuth, OUTSIDE, true), 'password')
  }
})

test('a command’s own port is a loopback port, wherever the profile listens', () => {
  assert.equal(choose('auto', OUTSIDE, true, true), 'same-user')
  assert.equal(choose('auto', SOCKET, true, true), 'same-user')
})

test('the directory guards a Unix socket; a password may come on top', () => {
  assert.equal(choose('auto', SOCKET, false), 'none')
  assert.equal(choose('same-user', SOCKET, false), 'none')
  assert.equal(choose('password', SOCKET, true), 'password')
})

test('same-user where it cannot be had is an error, not something weaker', () => {
  assert.throws(() => choose('same-user', LOOPBACK, false), { code: 'USAGE' })
})

test('a socket table that cannot be read is said to be so, and lets nobody in', async () => {
  const tcp = { remoteAddress: '127.0.0.1', remotePort: 1, localAddress: '127.0.0.1', localPort: 2 }
  const full = Object.assign(new Error('EMFILE: too many open files'), { code: 'EMFILE' })
  const access = sameUserAccess(1000, () => Promise.reject(full))
  await assert.rejects(access.checkPeer({ name: 'peer', tcp }), { code: 'TOO_MANY_CLIENTS', message: /ulimit -n/ })
})
