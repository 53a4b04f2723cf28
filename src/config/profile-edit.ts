import { mkdir, open, readFile, realpath, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import { type Document, isMap, isSeq, parseDocument, visit } from 'yaml'
import { fail } from '../base/errors.ts'
import { readProfileText } from './profile-file.ts'
import type { WrittenProfile } from './profile-schema.ts'

export interface ProfileAddition {
  readonly name: string
  readonly profile: WrittenProfile
  readonly makeDefault: boolean
  /** Put in place of a profile of that name. */
  readonly replace: boolean
}

/** The text of config.yaml with one profile more; comments, order and layout of the rest stay. @throws USAGE. */
export function withProfile(text: string, { name, profile, makeDefault, replace }: ProfileAddition): string {
  const document = parse(text)
  if (document.hasIn(['profiles', name]) && !replace) {
    fail('USAGE', { detail: `there is a profile "${name}" already`, fix: 'another name, or --replace' })
  }
  const { tls, issuer_tls, ...rest } = profile
  const entry = document.createNode({ ...rest, ...(tls && { tls }), ...(issuer_tls && { issuer_tls }) })
  visit(entry, (_key, node) => {
    if (isSeq(node)) node.flow = true
  })
  if (!isMap(document.get('profiles'))) document.set('profiles', document.createNode({}))
  document.setIn(['profiles', name], entry)
  if (makeDefault) document.set('default', name)
  return document.toString({ lineWidth: 0 })
}

/** The text without that profile, and without a `default` that named it. @throws PROFILE_UNKNOWN. */
export function withoutProfile(text: string, name: string): string {
  const document = parse(text)
  if (!document.deleteIn(['profiles', name])) fail('PROFILE_UNKNOWN', { detail: `there is no profile "${name}"` })
  if (document.get('default') === name) document.delete('default')
  return document.toString({ lineWidth: 0 })
}

/**
 * Changes config.yaml: checked before it is written, replaced whole, the target of a symbolic link rather than
 * the link.
 *
 * @throws CONFIG_INVALID when the file, or what would become of it, is not valid; nothing is written then.
 */
export async function editConfigFile(file: string, edit: (text: string) => string): Promise<void> {
  const target = await realpath(file).catch(() => file)
  const before = await readFile(target, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return ''
    fail('CONFIG_INVALID', { detail: `${file} cannot be read (${error.code})`, cause: error })
  })
  await readProfileText(file, before)
  const after = edit(before)
  await readProfileText(file, after)
  const temporary = `${target}.${process.pid}.new`
  try {
    await mkdir(dirname(target), { recursive: true, mode: 0o700 })
    const handle = await open(temporary, 'w', 0o600)
    await handle.writeFile(after)
    await handle.sync()
    await handle.close()
    await rename(temporary, target)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    fail('CONFIG_INVALID', {
      detail: `${file} cannot be written (${code})`,
      fix: 'check its folder’s mode',
      cause: error,
    })
  }
}

/** A file that is empty, or nothing but comments, is an empty map. */
function parse(text: string): Document {
  const document = parseDocument(text)
  if (document.contents !== null) return document
  const map = parseDocument('{}')
  map.commentBefore = document.commentBefore ?? document.comment
  if (isMap(map.contents)) map.contents.flow = false
  return map
}
