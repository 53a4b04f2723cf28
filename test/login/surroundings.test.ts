import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hasBrowser, sshForwardLine } from '../../src/login/surroundings.ts'

const CASES: readonly (readonly [NodeJS.Platform, Record<string, string>, boolean])[] = [
  ['linux', {}, false],
  ['linux', { DISPLAY: ':0' }, true],
  ['linux', { WAYLAND_DISPLAY: 'wayland-0' }, true],
  ['linux', { WSL_DISTRO_NAME: 'Debian' }, true],
  ['linux', { BROWSER: '/usr/bin/firefox' }, true],
  ['linux', { DISPLAY: ':0', SSH_CONNECTION: '1 2 3 4' }, false],
  ['linux', { DISPLAY: ':0', SSH_TTY: '/dev/pts/1' }, false],
  ['linux', { DISPLAY: ':0', CI: 'true' }, false],
  ['linux', { DISPLAY: ':0', CI: 'false' }, true],
  ['darwin', {}, true],
  ['darwin', { SSH_CONNECTION: '1 2 3 4' }, false],
  ['darwin', { CI: '1' }, false],
  ['win32', {}, true],
  ['win32', { SSH_CLIENT: '1 2 3' }, false],
]

for (const [platform, env, expected] of CASES) {
  test(`${platform} with ${JSON.stringify(env)} ${expected ? 'has' : 'has no'} browser`, () => {
    assert.equal(hasBrowser({ platform, env }), expected)
  })
}

test('the ssh line names the address that was reached, and its port where it is not 22', () => {
  const env = { SSH_CONNECTION: '198.51.100.7 50000 203.0.113.5 22' }
  assert.equal(sshForwardLine(env, 'ada', 4321), 'ssh -N -L 4321:127.0.0.1:4321 ada@203.0.113.5')
  const other = { SSH_CONNECTION: '198.51.100.7 50000 2001:db8::5 2222' }
  assert.equal(sshForwardLine(other, 'ada', 4321), 'ssh -p 2222 -N -L 4321:127.0.0.1:4321 ada@2001:db8::5')
})

test('without an address the ssh line has a place for it', () => {
  assert.equal(sshForwardLine({ SSH_TTY: '/dev/pts/1' }, 'ada', 1), 'ssh -N -L 1:127.0.0.1:1 ada@THIS-MACHINE')
  assert.equal(sshForwardLine({}, 'ada', 1), undefined)
})
