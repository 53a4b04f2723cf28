import { mkdir, open, readFile, realpath, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import { Document, isMap, isNode, isPair, isScalar, isSeq, type Node, parseDocument, visit } from 'yaml'
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

/** The text of config.yaml with one profile more; all the rest stays as it is. @throws USAGE. */
export function withProfile(text: string, { name, profile, makeDefault, replace }: ProfileAddition): string {
  const document = parse(text)
  const replaces = document.hasIn(['profiles', name])
  if (replaces && !replace) {
    fail('USAGE', { detail: `there is a profile "${name}" already`, fix: 'another name, or --replace' })
  }
  const entry = document.createNode(profile)
  visit(entry, (_key, node) => {
    if (isSeq(node)) node.flow = true
  })
  const spliced = replaces || makeDefault ? undefined : appendEntry(text, document, name, profile)
  if (!isMap(document.get('profiles'))) document.set('profiles', document.createNode({}))
  document.setIn(['profiles', name], entry)
  if (makeDefault) document.set('default', name)
  return whicheverIsSame(spliced, document)
}

/** The text without that profile, and without a `default` that named it. @throws PROFILE_UNKNOWN. */
export function withoutProfile(text: string, name: string): string {
  const document = parse(text)
  if (!document.hasIn(['profiles', name])) fail('PROFILE_UNKNOWN', { detail: `there is no profile "${name}"` })
  const isDefault = document.get('default') === name
  const spliced = isDefault ? undefined : cutEntry(text, document, name)
  document.deleteIn(['profiles', name])
  if (isDefault) document.delete('default')
  return whicheverIsSame(spliced, document)
}

/** A text made by cutting and pasting keeps every space; it is taken where it says what the document says. */
function whicheverIsSame(spliced: string | undefined, document: Document): string {
  const written = document.toString({ lineWidth: 0, flowCollectionPadding: false })
  if (spliced === undefined) return written
  const read = parseDocument(spliced)
  const isSame = read.errors.length === 0 && JSON.stringify(read.toJS()) === JSON.stringify(document.toJS())
  return isSame ? spliced : written
}

/** The text with the entry put behind the last profile, indented as its neighbours are. */
function appendEntry(text: string, document: Document, name: string, profile: WrittenProfile): string | undefined {
  const profiles = document.get('profiles')
  const [first] = isMap(profiles) && !profiles.flow ? profiles.items : []
  if (!isMap(profiles) || !isNode(first?.key) || !first.key.range) return undefined
  const indent = ' '.repeat(first.key.range[0] - lineStart(text, first.key.range[0]))
  const entry = new Document({ [name]: profile })
  visit(entry, (_key, node) => {
    if (isSeq(node)) node.flow = true
  })
  const lines = entry.toString({ lineWidth: 0, flowCollectionPadding: false }).trimEnd().replace(/^/gm, indent)
  const at = lineEnd(text, contentEnd(profiles))
  return `${text.slice(0, at)}\n${lines}${text.slice(at) || '\n'}`
}

/** The text without the entry's lines; a comment above it stays. */
function cutEntry(text: string, document: Document, name: string): string | undefined {
  const profiles = document.get('profiles')
  if (!isMap(profiles) || profiles.flow || profiles.items.length < 2) return undefined
  const pair = profiles.items.find(({ key }) => isScalar(key) && key.value === name)
  if (!isNode(pair?.key) || !pair.key.range) return undefined
  const end = lineEnd(text, isNode(pair.value) ? contentEnd(pair.value) : pair.key.range[1])
  return text.slice(0, lineStart(text, pair.key.range[0])) + text.slice(end + 1)
}

/** Where the last thing in a node ends, without the blank lines and comments behind it. */
function contentEnd(node: Node): number {
  if ((isMap(node) || isSeq(node)) && !node.flow) {
    const last: unknown = node.items.at(-1)
    const inner = isPair(last) ? (isNode(last.value) ? last.value : last.key) : last
    if (isNode(inner)) return contentEnd(inner)
  }
  return node.range?.[1] ?? 0
}

function lineStart(text: string, offset: number): number {
  return text.lastIndexOf('\n', offset - 1) + 1
}

function lineEnd(text: string, offset: number): number {
  const end = text.indexOf('\n', Math.max(0, text[offset - 1] === '\n' ? offset - 1 : offset))
  return end === -1 ? text.length : end
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
