import { encodeRawErrorFields, type RawErrorFields } from '../wire/error-response.ts'
import { type ErrorSource, namesAskedFor, showsOwnValues, sourceOf, UNKNOWN_SOURCE, wordsAt } from './error-source.ts'
import type { GateParts } from './gate-parts.ts'
import { type VisibleObjects, visibleObjects } from './visible-objects.ts'

const MAX_SHORTENED_CHARACTERS = 1000
/** Of a longer text in a filtered error the rest is left out: nobody looked at it. */
const MAX_FILTERED_CHARACTERS = 8192

/** SQLSTATE classes whose DETAIL shows a row: integrity constraint, WITH CHECK OPTION. */
const ROW_SHOWING_CLASSES = new Set(['23', '44'])

/** Errors that are about a value, which they show: data exception, but for a sequence that is used up. */
const VALUE_SHOWING = /^22(?!00H)/

/** In place of a message that names what the session must not hear of. */
const WITHHELD = {
  E: 'the statement failed in a part of the database that is not granted to this session',
  N: 'something was noticed in a part of the database that is not granted to this session',
}

/** Names in a message: quoted, or words with dots between them. */
const NAMES = /"((?:[^"]|"")+)"|[\p{L}_][\p{L}\p{N}_$]*/gu
const SENTENCE_END = /(?<=[.!?])\s+|\n+/u
/** A value as the languages of the server's messages quote it, up to the last quote: it may hold quotes itself. */
const VALUE = /["«»„“”][\s\S]*["«»“”]/u

/** The fields of texts, in the manual's letters: message, detail, hint, where; internal query. */
const TEXTS = ['M', 'D', 'H', 'W', 'q'] as const

/**
 * A server's error or notice as the client may see it. With `errors: own` it loses the fields and sentences that name
 * what the session has no grant on, a DETAIL that shows a row where not every column of it may be read, and a value that
 * may be of such a column; its SQLSTATE stays. `message` itself where nothing has to go.
 */
export function filteredError(
  tag: 'E' | 'N',
  message: Buffer,
  fields: RawErrorFields,
  parts: GateParts,
  source: ErrorSource = sourceOf(parts.state.ledger.head),
): Buffer {
  const { grants } = parts.state
  if (grants.policy.errors === 'full') return message
  const visible = visibleObjects(grants, parts.options.judge.catalog.current)
  const kept = ownFields(fields, visible, source, tag)
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
  // Whether a function ran is in a field that was not kept.
  return filteredError(tag, short, kept, parts, UNKNOWN_SOURCE)
}

/** Pure: what is left of the fields. */
export function ownFields(
  fields: RawErrorFields,
  visible: VisibleObjects,
  source: ErrorSource = UNKNOWN_SOURCE,
  tag: 'E' | 'N' = 'E',
): Map<string, string> {
  const kept = new Map(fields)
  const [schema, table, column] = [fields.get('s'), fields.get('t'), fields.get('c')]
  const ofTable = schema !== undefined && table !== undefined
  const isTableHidden = ofTable && !visible.relation(schema, table)
  const isColumnHidden = ofTable && column !== undefined && !visible.column(schema, table, column)
  const isTypeHidden = !ofTable && schema !== undefined && !visible.schema(schema)
  if (isTableHidden || isTypeHidden) for (const type of ['s', 't', 'c', 'n', 'd', 'D']) kept.delete(type)
  if (isColumnHidden) kept.delete('c')
  const code = fields.get('C') ?? ''
  const isOfValue = VALUE_SHOWING.test(code)
  if (isOfValue && !isOwnValue(fields, visible, source)) hideValue(kept)

  const hidden = new Set<string>()
  if (isTableHidden) for (const type of ['t', 'c', 'n'] as const) addTo(hidden, fields.get(type))
  if (isColumnHidden) addTo(hidden, column)
  const asked = namesAskedFor(source)
  const written = wordsAt(source, fields.get('P'))
  const mayBeTold = (sentence: string) => {
    // What is left of a value is no name, whatever else is so called.
    return namesIn(isOfValue ? sentence.replace(VALUE, '') : sentence).every(
      (name) => !hidden.has(name) && (visible.word(name) || asked.has(name) || written.has(name)),
    )
  }
  for (const type of TEXTS) {
    const text = kept.get(type)
    if (text === undefined) continue
    const cut = text.slice(0, MAX_FILTERED_CHARACTERS)
    const told = visible.oddNamesIn(isOfValue ? cut.replace(VALUE, '') : cut) ? '' : toldOf(type, cut, mayBeTold)
    if (told.length === text.length) continue
    if (told !== '') kept.set(type, told)
    else if (type === 'M') kept.set(type, WITHHELD[tag])
    else kept.delete(type)
  }
  // The place in an internal query says something about its text.
  if (!kept.has('q')) kept.delete('p')
  if (ROW_SHOWING_CLASSES.has(code.slice(0, 2)) && !(ofTable && visible.isReadable(schema, table))) kept.delete('D')
  return kept
}

/**
 * The lines and sentences that may be told, each where it stood. Of a query, all or nothing: its other lines are about
 * the same tables. So is what CONTEXT quotes; of it the lines stay that name a function.
 */
function toldOf(type: (typeof TEXTS)[number], text: string, mayBeTold: (sentence: string) => boolean): string {
  if (type === 'q') return mayBeTold(text) ? text : ''
  const sentences = type === 'W' ? text.split('\n') : text.split(SENTENCE_END)
  const told = sentences.filter(mayBeTold)
  if (told.length === sentences.length) return text
  if (type !== 'W') return told.join(text.includes('\n') ? '\n' : ' ')
  let quotes = 0
  const isPlaceInFunction = (line: string) => {
    quotes += line.split('"').length - 1
    return quotes % 2 === 0 && !line.includes('"') && FUNCTION_PLACE.test(line) && mayBeTold(line)
  }
  return sentences.filter(isPlaceInFunction).join('\n')
}

/** `PL/pgSQL function sales.total(integer) line 3 at RAISE`, in any language. */
const FUNCTION_PLACE = /[\p{L}\p{N}_$]\([^()]*\) /u

/** Whether a value that is shown is surely the client's own, or of what it may read. */
function isOwnValue(fields: RawErrorFields, visible: VisibleObjects, source: ErrorSource): boolean {
  if (fields.has('P')) return true
  const where = fields.get('W')
  if (where !== undefined && !source.isInput && !where.split('\n').every((line) => OF_VALUE.test(line))) return false
  return showsOwnValues(source, visible)
}

/** CONTEXT that tells where in the value, or in the client's own data, it went wrong, and of no function. */
const OF_VALUE = /^(COPY \w|JSON data, )/

/** Says of a value that there is one. What else there is may show parts of it. */
function hideValue(kept: Map<string, string>): void {
  kept.set('M', (kept.get('M') ?? '').replace(VALUE, '"…"'))
  for (const type of ['D', 'W']) kept.delete(type)
}

function namesIn(text: string): string[] {
  return [...text.matchAll(NAMES)].flatMap(([word, quoted]) => {
    if (quoted === undefined) return [word.toLowerCase(), word]
    // `"sales.orders"` is how some messages write a qualified name, and CONTEXT quotes whole statements.
    const inside = quoted.match(WORDS) ?? []
    return [quoted.replaceAll('""', '"'), ...inside.flatMap((one) => [one.toLowerCase(), one])]
  })
}

const WORDS = /[\p{L}_][\p{L}\p{N}_$]*/gu

function addTo(set: Set<string>, name: string | undefined): void {
  if (name !== undefined) set.add(name)
}
