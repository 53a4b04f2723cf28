import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { loadKeychainModule } from '../../src/tokens/keychain-module.ts'
import { openKeychainStore } from '../../src/tokens/keychain-store.ts'
import { startKeyring } from '../support/keyring.ts'
import { skipWithout } from '../support/programs.ts'

const skip = skipWithout('gnome-keyring', 'dbus', 'secret-tool')
const keyring = skip ? undefined : await startKeyring()
// Before the first use: libsecret connects once for the process.
if (keyring) Object.assign(process.env, keyring.env)

describe('a real Secret Service', { skip }, () => {
  const open = () => openKeychainStore(() => loadKeychainModule('linux'), 'linux')
  const lookup = (account: string) => keyring?.lookup('pgoauth', account)

  test('a short text is one entry, and comes back', async () => {
    await open().write('short|i|c', 'a secret')
    assert.equal(await open().read('short|i|c'), 'a secret')
    assert.equal(await lookup('short|i|c'), 'a secret')
  })

  test('a text over 2,000 bytes is split into entries of at most 2,000, and comes back', async () => {
    const text = `${'x'.repeat(7000)}é€`
    await open().write('long|i|c', text)
    assert.equal(await open().read('long|i|c'), text)
    for (const part of ['|a|0', '|a|1', '|a|2', '|a|3']) {
      const size = Buffer.byteLength((await lookup(`long|i|c${part}`)) ?? '')
      assert.ok(size > 0 && size <= 2000, `${part}: ${size}`)
    }
    assert.ok(Buffer.byteLength((await lookup('long|i|c')) ?? '') < 200, 'the head holds none of it')
  })

  test('rewriting a long text leaves no part of the old one', async () => {
    await open().write('again|i|c', 'x'.repeat(5000))
    await open().write('again|i|c', 'y'.repeat(3000))
    assert.equal(await open().read('again|i|c'), 'y'.repeat(3000))
    assert.equal(await lookup('again|i|c|a|0'), '')
    await open().write('again|i|c', 'short')
    assert.equal(await lookup('again|i|c|b|0'), '')
    assert.equal(await open().read('again|i|c'), 'short')
  })

  test('a writer that stops before the head leaves the old text whole', async () => {
    const keychain = loadKeychainModule('linux')
    await open().write('torn|i|c', 'o'.repeat(5000))
    let writes = 0
    const torn = {
      ...keychain,
      getPassword: keychain.getPassword,
      setPassword: async (service: string, account: string, password: string) => {
        writes += 1
        if (writes > 2) throw new Error('stopped')
        await keychain.setPassword(service, account, password)
      },
    }
    await assert.rejects(openKeychainStore(() => torn, 'linux').write('torn|i|c', 'n'.repeat(5000)))
    assert.equal(await open().read('torn|i|c'), 'o'.repeat(5000))
  })

  test('a part that is missing is told as damage, and remove clears all of it', async () => {
    const keychain = loadKeychainModule('linux')
    await open().write('damaged|i|c', 'x'.repeat(5000))
    await keychain.deletePassword('pgoauth', 'damaged|i|c|a|1')
    await assert.rejects(open().read('damaged|i|c'), { code: 'STORE_CORRUPT', fix: /pgoauth logout damaged/ })
    assert.equal(await open().remove('damaged|i|c'), true)
    assert.equal(await open().read('damaged|i|c'), undefined)
    const left = (await keychain.findCredentials('pgoauth')).filter(({ account }) => account.startsWith('damaged'))
    assert.deepEqual(left, [])
  })

  test('remove takes nothing of an account whose name begins the same', async () => {
    await open().write('prod|i|c', 'one')
    await open().write('prod|i|c2', 'two')
    await open().remove('prod|i|c')
    assert.equal(await open().read('prod|i|c2'), 'two')
  })

  test('accounts lists each text once', async () => {
    await open().write('listed|i|c', 'z'.repeat(9000))
    const accounts = (await open().accounts()).filter((account) => account.startsWith('listed'))
    assert.deepEqual(accounts, ['listed|i|c'])
  })
})
