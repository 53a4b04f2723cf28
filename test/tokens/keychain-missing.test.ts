import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { copyFileSync, cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { keychainError } from '../../src/tokens/keychain-error.ts'
import { startTestIssuer } from '../support/issuer.ts'
import { type Keyring, startKeyring } from '../support/keyring.ts'
import { openLaptop, profileFor } from '../support/laptop.ts'
import { skipWithout } from '../support/programs.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

const skip = skipWithout('gnome-keyring', 'dbus', 'secret-tool')
const issuer = await startTestIssuer()
const isLinux = process.platform === 'linux'
const WAYS_ON = /--store file .*--store memory/s

/** Without its HOME: the laptop has its own. */
function busOf({ env: { DBUS_SESSION_BUS_ADDRESS, XDG_RUNTIME_DIR } }: Keyring) {
  return { DBUS_SESSION_BUS_ADDRESS, XDG_RUNTIME_DIR }
}

async function loginWith(env: Record<string, string>) {
  const laptop = openLaptop(profileFor(issuer), { PGOAUTH_STORE: undefined, PGOAUTH_STORE_KEY: undefined, ...env })
  const before = issuer.requests.length
  const result = await laptop.run(['login', '--device'])
  assert.equal(issuer.requests.length, before, 'nobody is sent through a login that cannot be kept')
  return result
}

test('a locked keychain is told, with the ways on', { skip }, async () => {
  const keyring = await startKeyring('locked')
  const { code, stderr } = await loginWith(busOf(keyring))
  assert.equal(code, 1)
  assert.match(stderr, /the keychain (is locked|has never been set up)/)
  assert.match(stderr, WAYS_ON)
})

test('a session bus without a keychain is told, with the ways on', { skip }, async () => {
  const keyring = await startKeyring('none')
  const { code, stderr } = await loginWith(busOf(keyring))
  assert.equal(code, 1)
  assert.match(stderr, /there is no keychain here: nothing offers org\.freedesktop\.secrets/)
  assert.match(stderr, WAYS_ON)
})

test('no session bus at all is told, with the ways on', async () => {
  const { code, stderr } = await loginWith({})
  assert.equal(code, 1)
  assert.match(stderr, /there is no keychain here: no D-Bus session/)
  assert.match(stderr, WAYS_ON)
})

test('a locked collection, as libsecret says it, is told apart from one that fails', () => {
  const locked = keychainError(new Error('Cannot create an item in a locked collection'), 'write', 'linux')
  assert.match(locked.message, /the keychain is locked/)
  const failing = keychainError(new Error('the disk is on fire'), 'write', 'linux')
  assert.match(failing.message, /the keychain failed to write: the disk is on fire/)
  const mac = keychainError(new Error('User interaction is not allowed.'), 'read', 'darwin')
  assert.match(mac.fix ?? '', /security unlock-keychain/)
})

test('the store that was asked for fails, and no other one is written to', async () => {
  const laptop = openLaptop(profileFor(issuer), { PGOAUTH_STORE: 'keychain' })
  assert.equal((await laptop.run(['login', '--device'])).code, 1)
  const files = readdirSync(laptop.home, { recursive: true }).map(String)
  assert.deepEqual(
    files.filter((file) => /sealed|logins/.test(file)),
    [],
  )
})

/** A copy of the package whose keytar is as the test wants it. */
function packageWithKeytar(prepare: (keytar: string) => void): string {
  const require = createRequire(import.meta.url)
  const root = temporaryDirectory()
  const dist = fileURLToPath(new URL('../..', import.meta.url))
  cpSync(dist, join(root, 'dist'), { recursive: true, filter: (path) => !path.includes('/test') })
  writeFileSync(join(root, 'package.json'), '{"type":"module"}')
  const modules = dirname(dirname(require.resolve('keytar/package.json')))
  mkdirSync(join(root, 'node_modules'))
  for (const name of ['commander', 'chalk', 'yaml', 'zod'])
    symlinkSync(join(modules, name), join(root, 'node_modules', name))
  const keytar = join(root, 'node_modules', 'keytar')
  mkdirSync(keytar)
  copyFileSync(join(modules, 'keytar', 'package.json'), join(keytar, 'package.json'))
  prepare(keytar)
  return join(root, 'dist', 'bin', 'pgoauth.js')
}

async function statusOf(program: string, env: Record<string, string | undefined>) {
  const home = temporaryDirectory()
  mkdirSync(join(home, '.config', 'pgoauth'), { recursive: true })
  writeFileSync(join(home, '.config', 'pgoauth', 'config.yaml'), profileFor(issuer))
  return new Promise<string>((resolve) => {
    const options = { env: { PATH: process.env.PATH, HOME: home, ...env } }
    execFile(process.execPath, [program, 'status'], options, (_error, stdout, stderr) => resolve(stdout + stderr))
  })
}

test('keytar is loaded from its prebuilt files where its install script did not run', { skip }, async () => {
  const modules = dirname(createRequire(import.meta.url).resolve('keytar/package.json'))
  const program = packageWithKeytar((keytar) => {
    cpSync(join(modules, 'prebuilds'), join(keytar, 'prebuilds'), { recursive: true })
  })
  const keyring = await startKeyring()
  const said = await statusOf(program, busOf(keyring))
  assert.match(said, /login +none\n.*kept in +the keychain/)
})

test('keytar that is not installed at all leaves the file store, and says so', async () => {
  const program = packageWithKeytar(() => {})
  const said = await statusOf(program, {})
  assert.match(said, /the keychain module cannot be loaded/)
  assert.match(said, WAYS_ON)
})

test('an addon that needs libsecret where there is none names libsecret', { skip: !isLinux }, async () => {
  const require = createRequire(import.meta.url)
  const program = packageWithKeytar((keytar) => {
    const real = join(
      dirname(require.resolve('keytar/package.json')),
      'prebuilds',
      `linux-${process.arch}`,
      'keytar.node',
    )
    // The real addon, but of a libsecret that this machine does not have.
    const patched = readFileSync(real, 'latin1').replaceAll('libsecret-1.so.0', 'libsecret-9.so.0')
    mkdirSync(join(keytar, 'build', 'Release'), { recursive: true })
    writeFileSync(join(keytar, 'build', 'Release', 'keytar.node'), patched, 'latin1')
  })
  const said = await statusOf(program, {})
  assert.match(said, /the keychain needs the library libsecret, which is not installed/)
  assert.match(said, /libsecret-1-0/)
})

test('a login in a keychain that was locked since is told to be locked away, not to be missing', { skip }, async () => {
  const keyring = await startKeyring()
  const laptop = openLaptop(profileFor(issuer), { PGOAUTH_STORE: undefined, ...busOf(keyring) })
  assert.equal((await laptop.login(issuer)).code, 0)
  assert.equal((await laptop.run(['token'])).code, 0)
  await lock(keyring)
  const { code, stdout, stderr } = await laptop.run(['token'])
  assert.deepEqual({ code, stdout }, { code: 1, stdout: '' })
  assert.match(stderr, /the keychain is locked/)
  assert.match(stderr, WAYS_ON)
})

function lock({ env }: Keyring): Promise<void> {
  const args = [
    '--session',
    '--print-reply',
    '--dest=org.freedesktop.secrets',
    '/org/freedesktop/secrets',
    'org.freedesktop.Secret.Service.Lock',
    'array:objpath:/org/freedesktop/secrets/collection/login',
  ]
  return new Promise((resolve, reject) => {
    execFile('dbus-send', args, { env: { ...process.env, ...env } }, (error) => (error ? reject(error) : resolve()))
  })
}
