import { encodeRawErrorFields, type RawErrorFields } from '../wire/error-response.ts'
import type { GateParts } from './gate-parts.ts'
import { type VisibleObjects, visibleObjects } from './visible-objects.ts'

const MAX_SHORTENED_CHARACTERS = 1000
/** Of a longer text in a filtered error the rest is left out: nobody looked at it. */
const MAX_FILTERED_CHARACTERS = 8192

/** SQLSTATE classes whose DETAIL shows a row: integrity constraint, WITH CHECK OPTION. */
const ROW_SHOWING_CLASSES = new Set(['23', '44'])

/** In place of a message that names what the session must not hear of. */
const WITHHELD = 'the statement failed in a part of the database that is not granted to this session'

/** Names in a message: quoted, or words with dots between them. */
const NAMES = /"((?:[^"]|"")+)"|[\p{L}_][\p{L}\p{N}_$]*/gu
const SENTENCE_END = /(?<=[.!?\n])\s+/u

/** The fields of texts, in the manual's letters: message, detail, hint, where; internal query. */
const TEXTS = ['M', 'D', 'H', 'W', 'q'] as const

/**
 * A server's error or notice as the client may see it. With `errors: own` it loses the fields and sentences that name
 * what the session has no grant on, and a DETAIL that shows a row where not every column of it may be read; its
 * SQLSTATE stays. `message` itself where nothing has to go.
 */
export function filteredError(tag: 'E' | 'N', message: Buffer, fields: RawErrorFields, parts: GateParts): Buffer {
  const { grants } = parts.state
  if (grants.policy.errors === 'full') return message
  const kept = ownFields(fields, visibleObjects(grants, parts.options.judge.catalog.current))
  const isSame = kept.size === fields.size && [...kept].every(([type, text]) => fields.get(type) === text)
  return isSame ? message : encodeRawErrorFields(tag, kept)
}

/** The short fields of a message that is too long to be held, and the beginning of its text. */
export function shortenedError(tag: 'E' | 'N', fields: RawErrorFields, parts: GateParts): Buffer {
  const kept = new Map<string, string>()
  for (const type of ['S', 'V', 'C', 'M']) {
    const text = fields.get(type)
    if (text !== undefined) kept.set(type, text.slice(0, MAX_SHORTENED_CHARACTERS))
  }
  const short = encodeRawErrorFields(tag, kept)
  return filteredError(tag, short, kept, parts)
}

/** Pure: what is left of the fields. */
export function ownFields(fields: RawErrorFields, visible: VisibleObjects): Map<string, string> {
  const kept = new Map(fields)
  const [schema, table, column] = [fields.get('s'), fields.get('t'), fields.get('c')]
  const ofTable = schema !== undefined && table !== undefined
  const isTableHidden = ofTable && !visible.relation(schema, table)
  const isColumnHidden = ofTable && column !== undefined && !visible.column(schema, table, column)
  if (isTableHidden) for (const type of ['s', 't', 'c', 'n', 'd']) kept.delete(type)
  if (isColumnHidden) kept.delete('c')

  const hidden = new Set<string>()
  if (isTableHidden) for (const type of ['t', 'c', 'n'] as const) addTo(hidden, fields.get(type))
  if (isColumnHidden) addTo(hidden, column)
  const mayBeTold = (sentence: string) => namesIn(sentence).every((name) => !hidden.has(name) && visible.word(name))
  for (const type of TEXTS) {
    const text = fields.get(type)
    if (text === undefined) continue
    const told = text.slice(0, MAX_FILTERED_CHARACTERS).split(SENTENCE_END).filter(mayBeTold).join(' ')
    if (told.length === text.length) continue
    if (told !== '') kept.set(type, told)
    else if (type === 'M') kept.set(type, WITHHELD)
    else kept.delete(type)
  }
  // The place in an internal query says something about its text.
  if (!kept.has('q')) kept.delete('p')
  const showsRow = ROW_SHOWING_CLASSES.has((fields.get('C') ?? '').slice(0, 2))
  if (showsRow && !(ofTable && visible.isReadable(schema, table))) kept.delete('D')
  return kept
}

function namesIn(text: string): string[] {
  return [...text.matchAll(NAMES)].flatMap(([word, quoted]) => {
    if (quoted === undefined) return [word.toLowerCase(), word]
    // `"sales.orders"` is how some messages write a qualified name.
    return [quoted.replaceAll('""', '"'), ...quoted.split('.')]
  })
}

function addTo(set: Set<string>, name: string | undefined): void {
  if (name !== undefined) set.add(name)
}
