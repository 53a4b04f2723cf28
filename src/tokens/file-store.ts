import { chmod, mkdir, readdir, readFile, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { fail } from '../base/errors.ts'
import type { Secret } from '../base/secret.ts'
import type { SecretStore } from './secret-store.ts'

/** Not by an import, which would look at every export and so load WebCrypto: half of what the quickest command costs. */
const { createCipheriv, createDecipheriv, createHash, randomBytes, scrypt, timingSafeEqual } =
  process.getBuiltinModule('node:crypto')

export interface FileStoreOptions {
  readonly directory: string
  /** The passphrase; asked for once, when it is first needed. `isNew`: nothing is encrypted under it yet. */
  passphrase(isNew: boolean): Promise<Secret>
}

interface Kdf {
  /** scrypt's N, a power of two; r is 8 and p is 1. */
  readonly cost: number
  readonly salt: string
}

/** One file for each account: JSON, so that a person sees what it is; `data` alone is secret. */
interface SealedFile {
  readonly pgoauth: 'sealed'
  readonly version: 1
  readonly account: string
  readonly kdf: Kdf
  /** Eight bytes of the scrypt output that are not the key: tells a wrong passphrase from a damaged file. */
  readonly check: string
  readonly nonce: string
  readonly tag: string
  readonly data: string
}

/** OWASP's figure for scrypt with r = 8, p = 1: 128 MiB and about half a second for each guess. */
const PASSPHRASE_COST = 2 ** 17
/** For a key that is random already, stretching adds nothing but waiting. */
const RANDOM_KEY_COST = 2 ** 8
const NONCE_BYTES = 12

/**
 * Keeps texts in files of mode 0600, sealed with AES-256-GCM under a scrypt key (RFC 7914). Each write
 * replaces its file whole.
 */
export function openFileStore({ directory, passphrase }: FileStoreOptions): SecretStore {
  const keys = new Map<string, Promise<DerivedKey>>()
  let asked: Promise<Secret> | undefined

  const derive = async (kdf: Kdf | undefined): Promise<DerivedKey> => {
    asked ??= passphrase(kdf === undefined && (await sealedFiles(directory)).length === 0)
    const secret = await asked
    if (kdf === undefined) {
      const [known] = keys.values()
      if (known) return known
    }
    const wanted = kdf ?? { cost: costFor(secret.reveal()), salt: randomBytes(16).toString('base64') }
    const id = `${wanted.cost}:${wanted.salt}`
    const key = keys.get(id) ?? deriveKey(secret, wanted)
    keys.set(id, key)
    return key
  }

  return {
    place: `encrypted files in ${directory}`,
    shared: true,
    async read(account) {
      const file = fileOf(directory, account)
      const sealed = await readSealed(file, account)
      return sealed && open(sealed, await derive(sealed.kdf), file)
    },
    async write(account, text) {
      const file = fileOf(directory, account)
      const before = await readSealed(file, account).catch(() => undefined)
      const key = await derive(before?.kdf)
      if (before && !matches(before, key)) failWrongPassphrase(file)
      await makeDirectory(directory)
      const { replaceFile } = await import('./file-replacement.ts')
      await replaceFile(file, JSON.stringify(seal(account, text, key)))
    },
    async remove(account) {
      const file = fileOf(directory, account)
      await removeFile(`${file}.new`)
      return removeFile(file)
    },
    async accounts() {
      const files = await sealedFiles(directory)
      const read = await Promise.all(files.map((file) => readSealed(file, undefined).catch(() => undefined)))
      return read.flatMap((sealed) => (sealed ? [sealed.account] : []))
    },
    async probe() {
      await makeDirectory(directory)
      const [existing] = await sealedFiles(directory)
      const sealed = existing ? await readSealed(existing, undefined).catch(() => undefined) : undefined
      const key = await derive(sealed?.kdf)
      if (sealed && existing && !matches(sealed, key)) failWrongPassphrase(existing)
    },
  }
}

interface DerivedKey {
  readonly kdf: Kdf
  readonly key: Buffer
  readonly check: Buffer
}

async function deriveKey(secret: Secret, kdf: Kdf): Promise<DerivedKey> {
  const output = await new Promise<Buffer>((resolve, reject) => {
    const options = { N: kdf.cost, r: 8, p: 1, maxmem: 256 * kdf.cost * 8 }
    scrypt(secret.reveal(), Buffer.from(kdf.salt, 'base64'), 40, options, (error, derived) =>
      error ? reject(error) : resolve(derived),
    )
  })
  return { kdf, key: output.subarray(0, 32), check: output.subarray(32) }
}

/** Cheap only for what looks like `openssl rand`: long, one word, many different characters. */
function costFor(secret: string): number {
  const random = /^[\w+/=-]{32,}$/.test(secret) && new Set(secret).size >= 10
  return random ? RANDOM_KEY_COST : PASSPHRASE_COST
}

function seal(account: string, text: string, { kdf, key, check }: DerivedKey): SealedFile {
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(account))
  const data = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
  return {
    pgoauth: 'sealed',
    version: 1,
    account,
    kdf,
    check: check.toString('base64'),
    nonce: nonce.toString('base64'),
    tag: cipher.getAuthTag().toString('base64'),
    data: data.toString('base64'),
  }
}

function open(sealed: SealedFile, derived: DerivedKey, file: string): string {
  if (!matches(sealed, derived)) failWrongPassphrase(file)
  try {
    const decipher = createDecipheriv('aes-256-gcm', derived.key, Buffer.from(sealed.nonce, 'base64'), {
      authTagLength: 16,
    })
    decipher.setAAD(Buffer.from(sealed.account)).setAuthTag(Buffer.from(sealed.tag, 'base64'))
    return Buffer.concat([decipher.update(Buffer.from(sealed.data, 'base64')), decipher.final()]).toString('utf8')
  } catch {
    failDamaged(file, sealed.account)
  }
}

function matches(sealed: SealedFile, { check }: DerivedKey): boolean {
  const stored = Buffer.from(sealed.check, 'base64')
  return stored.length === check.length && timingSafeEqual(stored, check)
}

async function readSealed(file: string, account: string | undefined): Promise<SealedFile | undefined> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return undefined
    fail('STORE_UNAVAILABLE', {
      detail: `${file} cannot be read (${code})`,
      fix: `check its owner and mode`,
      cause: error,
    })
  }
  const sealed = parseSealed(text)
  if (!sealed || (account !== undefined && sealed.account !== account)) failDamaged(file, account)
  return sealed
}

function parseSealed(text: string): SealedFile | undefined {
  try {
    const sealed = JSON.parse(text) as Partial<SealedFile>
    const texts = [sealed.account, sealed.check, sealed.nonce, sealed.tag, sealed.data, sealed.kdf?.salt]
    const cost = sealed.kdf?.cost ?? 0
    // A cost from the file is work that whoever wrote the file makes this machine do: bounded.
    const sane = Number.isInteger(Math.log2(cost)) && cost >= RANDOM_KEY_COST && cost <= PASSPHRASE_COST
    if (sealed.pgoauth !== 'sealed' || sealed.version !== 1 || !sane) return undefined
    return texts.every((one) => typeof one === 'string') ? (sealed as SealedFile) : undefined
  } catch {
    return undefined
  }
}

async function sealedFiles(directory: string): Promise<string[]> {
  const names = await readdir(directory).catch(() => [])
  return names.filter((name) => name.endsWith('.sealed')).map((name) => join(directory, name))
}

function fileOf(directory: string, account: string): string {
  const name = account.split('|')[0]?.replace(/[^A-Za-z0-9._-]/g, '_') ?? ''
  const hash = createHash('sha256').update(account).digest('hex').slice(0, 16)
  return join(directory, `${name}-${hash}.sealed`)
}

async function makeDirectory(directory: string): Promise<void> {
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 })
    await chmod(directory, 0o700)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    fail('STORE_UNAVAILABLE', {
      detail: `${directory} cannot be made (${code})`,
      fix: 'set XDG_STATE_HOME',
      cause: error,
    })
  }
}

async function removeFile(file: string): Promise<boolean> {
  try {
    await unlink(file)
    return true
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return false
    fail('STORE_UNAVAILABLE', {
      detail: `${file} cannot be removed (${code})`,
      fix: 'check the owner and mode of its folder, and remove the file',
      cause: error,
    })
  }
}

function failWrongPassphrase(file: string): never {
  fail('STORE_UNAVAILABLE', {
    detail: `${file} was encrypted under another passphrase`,
    fix: 'give the passphrase (or PGOAUTH_STORE_KEY) it was written with, or pgoauth logout to clear it',
  })
}

function failDamaged(file: string, account: string | undefined): never {
  const profile = account?.split('|')[0] ?? ''
  fail('STORE_CORRUPT', {
    detail: `${file} is damaged, or not a file of pgoauth`,
    fix: `pgoauth logout ${profile}, then pgoauth login ${profile}`,
  })
}
