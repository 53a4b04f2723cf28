import assert from 'node:assert/strict'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { Secret } from '../../src/base/secret.ts'
import { openFileStore } from '../../src/tokens/file-store.ts'
import { STORE_KEY } from '../support/laptop.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

function open(directory: string, passphrase = STORE_KEY) {
  return openFileStore({ directory, passphrase: async () => new Secret(passphrase) })
}

function onlyFile(directory: string): string {
  const [name, ...others] = readdirSync(directory)
  assert.deepEqual(others, [])
  return join(directory, name ?? '')
}

test('a text comes back in another process’s store under the same key', async () => {
  const directory = join(temporaryDirectory(), 'logins')
  await open(directory).write('prod|i|c', 'a secret text')
  assert.equal(await open(directory).read('prod|i|c'), 'a secret text')
})

test('neither text nor key is in the file, which is of mode 0600 in a directory of mode 0700', async () => {
  const directory = join(temporaryDirectory(), 'logins')
  await open(directory).write('prod|i|c', 'a secret text')
  const file = onlyFile(directory)
  const content = readFileSync(file, 'utf8')
  assert.ok(!content.includes('secret text') && !content.includes(STORE_KEY))
  assert.ok(!content.includes(Buffer.from('a secret text').toString('base64').slice(0, 12)))
  assert.equal(statSync(file).mode & 0o777, 0o600)
  assert.equal(statSync(directory).mode & 0o777, 0o700)
})

test('a passphrase is stretched with N = 2^17, a random key is not', async () => {
  const costOf = (directory: string) => JSON.parse(readFileSync(onlyFile(directory), 'utf8')).kdf.cost
  const weak = join(temporaryDirectory(), 'logins')
  await open(weak, 'correct horse battery staple and more').write('prod|i|c', 'x')
  assert.equal(costOf(weak), 2 ** 17)
  const repeated = join(temporaryDirectory(), 'logins')
  await open(repeated, 'ab'.repeat(20)).write('prod|i|c', 'x')
  assert.equal(costOf(repeated), 2 ** 17)
  const random = join(temporaryDirectory(), 'logins')
  await open(random).write('prod|i|c', 'x')
  assert.equal(costOf(random), 2 ** 8)
})

test('another passphrase is told as such, and neither reads nor overwrites', async () => {
  const directory = join(temporaryDirectory(), 'logins')
  await open(directory).write('prod|i|c', 'text')
  const other = open(directory, `${STORE_KEY}x`)
  await assert.rejects(other.read('prod|i|c'), { code: 'STORE_UNAVAILABLE', message: /another passphrase/ })
  await assert.rejects(other.write('prod|i|c', 'mine'), { code: 'STORE_UNAVAILABLE' })
  await assert.rejects(other.probe(), { code: 'STORE_UNAVAILABLE' })
  assert.equal(await open(directory).read('prod|i|c'), 'text')
})

test('a changed byte, an account swapped in, or a foreign file is damage; remove clears it', async () => {
  const directory = join(temporaryDirectory(), 'logins')
  const store = open(directory)
  await store.write('prod|i|c', 'text')
  const file = onlyFile(directory)
  const sealed = JSON.parse(readFileSync(file, 'utf8'))
  const variants = [
    { ...sealed, data: `${sealed.data.startsWith('A') ? 'B' : 'A'}${sealed.data.slice(1)}` },
    { ...sealed, tag: Buffer.alloc(16).toString('base64') },
    { ...sealed, tag: Buffer.from(sealed.tag, 'base64').subarray(0, 4).toString('base64') },
    { ...sealed, account: 'other|i|c' },
    { ...sealed, kdf: { ...sealed.kdf, cost: 2 ** 30 } },
    { hello: 'world' },
  ]
  for (const variant of variants) {
    writeFileSync(file, JSON.stringify(variant))
    await assert.rejects(open(directory).read('prod|i|c'), { code: 'STORE_CORRUPT' }, JSON.stringify(variant))
  }
  writeFileSync(file, 'half a fi')
  await assert.rejects(store.read('prod|i|c'), { code: 'STORE_CORRUPT' })
  assert.equal(await store.remove('prod|i|c'), true)
  assert.equal(await store.read('prod|i|c'), undefined)
})

test('a file cannot be taken for the one of another account', async () => {
  const directory = join(temporaryDirectory(), 'logins')
  const store = open(directory)
  await store.write('prod|i|c', 'production')
  const [prod = ''] = readdirSync(directory)
  await store.write('test|i|c', 'staging')
  const test = readdirSync(directory).find((name) => name !== prod) ?? ''
  writeFileSync(join(directory, test), readFileSync(join(directory, prod)))
  await assert.rejects(store.read('test|i|c'), { code: 'STORE_CORRUPT' })
})

test('a half-written file of a crash is not read, and goes with the next write', async () => {
  const directory = join(temporaryDirectory(), 'logins')
  await open(directory).write('prod|i|c', 'text')
  const file = onlyFile(directory)
  writeFileSync(`${file}.new`, 'half')
  assert.equal(await open(directory).read('prod|i|c'), 'text')
  await open(directory).write('prod|i|c', 'newer')
  assert.deepEqual(readdirSync(directory).length, 1)
})

test('two writes of one text have nothing in common but their account', async () => {
  const directory = join(temporaryDirectory(), 'logins')
  const read = () => JSON.parse(readFileSync(onlyFile(directory), 'utf8'))
  await open(directory).write('prod|i|c', 'text')
  const first = read()
  await open(directory).write('prod|i|c', 'text')
  const second = read()
  assert.notEqual(first.nonce, second.nonce)
  assert.notEqual(first.data, second.data)
})
