import { fail } from '../base/errors.ts'
import type { KeychainModule } from './keychain-module.ts'
import type { SecretStore } from './secret-store.ts'

export const SERVICE = 'pgoauth'
const PROBE = 'probe'

/** Windows allows 2,560 bytes in a credential; what is longer is split everywhere, so that it is tested everywhere. */
const LONGEST_VALUE_BYTES = 2000
/** A bound on what is believed of a head: 64 × 2,000 bytes is far more than any token. */
const MOST_PARTS = 64
/** How often a text that does not fit its head is read again before it counts as damaged. */
const MOST_READS = 3

const PLACES: Partial<Record<NodeJS.Platform, string>> = {
  darwin: 'the keychain (macOS Keychain)',
  win32: 'the keychain (Windows Credential Manager)',
}

/** Written at the account itself when the text is in parts, at `account|slot|0`, `account|slot|1`, … */
interface Head {
  readonly pgoauth: 'parts'
  readonly slot: 'a' | 'b'
  readonly parts: number
  readonly sha256: string
}

/**
 * Keeps texts in the operating system's keychain, service `pgoauth`.
 *
 * A long text goes into several entries. The parts are written first, into the slot (a or b) that the head
 * does not name; the head last. So whoever reads or crashes in between has the old text whole.
 */
export function openKeychainStore(load: () => KeychainModule, platform: NodeJS.Platform): SecretStore {
  let loaded: KeychainModule | undefined
  const place = PLACES[platform] ?? 'the keychain (Secret Service)'

  const use = async <T>(what: string, action: (keychain: KeychainModule) => Promise<T>): Promise<T> => {
    loaded ??= load()
    try {
      return await action(loaded)
    } catch (error) {
      throw (await import('./keychain-error.ts')).keychainError(error, what, platform)
    }
  }
  const get = (account: string) =>
    use('read', async (keychain) => (await keychain.getPassword(SERVICE, account)) ?? undefined)
  const set = (account: string, text: string) =>
    use('write', (keychain) => keychain.setPassword(SERVICE, account, text))
  const remove = (account: string) => use('delete', (keychain) => keychain.deletePassword(SERVICE, account))

  const probe = async () => {
    await set(PROBE, 'a write that works')
    await remove(PROBE)
  }

  const store: SecretStore = {
    place,
    shared: true,
    probe,
    async read(account) {
      for (let attempt = 1; ; attempt++) {
        const value = await get(account)
        if (value === undefined) {
          // A locked or broken Secret Service answers "nothing there"; only a write tells them apart.
          if (platform === 'linux') await probe()
          return undefined
        }
        const head = parseHead(value)
        if (!head) return value
        const parts = await Promise.all(partAccounts(account, head.slot, head.parts).map(get))
        const text = parts.map((part) => part ?? '').join('')
        if ((await sha256(text)) === head.sha256) return text
        // Another process may have written in between; then its head leads to whole parts.
        if (attempt === MOST_READS) failDamaged(account)
      }
    },
    async write(account, text) {
      const before = parseHead((await get(account)) ?? '')
      if (Buffer.byteLength(text) <= LONGEST_VALUE_BYTES) {
        await set(account, text)
      } else {
        const slot = before?.slot === 'a' ? 'b' : 'a'
        const parts = split(text, LONGEST_VALUE_BYTES)
        for (const [index, part] of parts.entries()) await set(`${account}|${slot}|${index}`, part)
        const head: Head = { pgoauth: 'parts', slot, parts: parts.length, sha256: await sha256(text) }
        await set(account, JSON.stringify(head))
      }
      if (before) for (const old of partAccounts(account, before.slot, before.parts)) await remove(old)
    },
    async remove(account) {
      const all = (await allAccounts()).filter((one) => one === account || isPartOf(one, account))
      for (const one of all) await remove(one)
      return all.length > 0
    },
    async accounts() {
      return [...new Set((await allAccounts()).map((account) => account.replace(/\|[ab]\|\d+$/, '')))]
    },
  }

  const allAccounts = () =>
    use('list', async (keychain) => (await keychain.findCredentials(SERVICE)).map(({ account }) => account))
  return store
}

function partAccounts(account: string, slot: string, parts: number): string[] {
  return Array.from({ length: parts }, (_, index) => `${account}|${slot}|${index}`)
}

function isPartOf(candidate: string, account: string): boolean {
  return candidate.startsWith(`${account}|`) && /^[ab]\|\d+$/.test(candidate.slice(account.length + 1))
}

function parseHead(value: string): Head | undefined {
  if (!value.startsWith('{"pgoauth":"parts"')) return undefined
  try {
    const { slot, parts, sha256 } = JSON.parse(value) as Partial<Head>
    if ((slot !== 'a' && slot !== 'b') || !Number.isInteger(parts) || typeof sha256 !== 'string') return undefined
    if (parts === undefined || parts < 1 || parts > MOST_PARTS) return undefined
    return { pgoauth: 'parts', slot, parts, sha256 }
  } catch {
    return undefined
  }
}

/** Tokens are ASCII; other text is cut between characters, never within one. */
function split(text: string, longestBytes: number): string[] {
  const parts: string[] = []
  let part = ''
  let bytes = 0
  for (const character of text) {
    const size = Buffer.byteLength(character)
    if (bytes + size > longestBytes) {
      parts.push(part)
      part = ''
      bytes = 0
    }
    part += character
    bytes += size
  }
  return [...parts, part]
}

/** Loaded only where a text is in parts: it takes a noticeable part of a command's start. */
async function sha256(text: string): Promise<string> {
  const { createHash } = await import('node:crypto')
  return createHash('sha256').update(text).digest('hex')
}

function failDamaged(account: string): never {
  const profile = account.split('|')[0]
  fail('STORE_CORRUPT', {
    detail: `the keychain entry of "${profile}" is incomplete`,
    fix: `pgoauth logout ${profile}, then pgoauth login ${profile}`,
  })
}
