import { type Alias, type Document, isNode, LineCounter, parseDocument, visit, type YAMLParseError } from 'yaml'
import type { ZodType, z } from 'zod'
import { PgoauthError } from './errors.ts'
import { suggest } from './suggest.ts'

/** A place in a file as an editor counts it: both from 1. */
export interface Place {
  readonly file: string
  readonly line: number
  readonly column: number
}

export interface Mistake extends Place {
  readonly message: string
}

export type Path = readonly PropertyKey[]

export interface YamlDocument<T> {
  readonly value: T
  /** Where the value at this path stands; of its nearest parent where it is absent. */
  locate(path: Path): Place
}

export type YamlResult<T> =
  | { readonly ok: true; readonly document: YamlDocument<T> }
  | {
      readonly ok: false
      readonly mistakes: readonly Mistake[]
      /** What the file says, where it is YAML at all: for whoever wants to find the mistakes in what is left. */
      readonly unchecked?: YamlDocument<unknown>
      /** What is left once everything that is wrong is taken out; undefined where that is not enough. */
      readonly rest?: YamlDocument<T>
      /** Where something was taken out. */
      readonly wrongAt?: readonly Path[]
    }

/** How many times anchors may be used in one file: enough for any person, too few for an expansion that fills memory. */
const MAX_ALIASES = 100

/** Reads YAML 1.2 and checks it against a schema; reports every mistake at once, each with its place. */
export function checkYaml<S extends ZodType>(file: string, text: string, schema: S): YamlResult<z.output<S>> {
  const lines = new LineCounter()
  // The library compares each key with each: of thousands that takes seconds.
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: false })
  const placeAt = (offset: number): Place => {
    const { line, col } = lines.linePos(offset)
    return { file, line: Math.max(line, 1), column: Math.max(col, 1) }
  }
  if (document.errors.length > 0) {
    return { ok: false, mistakes: document.errors.map((e) => ({ ...placeAt(e.pos[0]), message: yamlText(e) })) }
  }

  const locate = (path: Path): Place => {
    for (let length = path.length; length >= 0; length--) {
      const node = length === 0 ? document.contents : document.getIn(path.slice(0, length), true)
      if (isNode(node) && node.range) return placeAt(node.range[0])
    }
    return placeAt(0)
  }
  const locateKey = (path: Path, key: string): Place => {
    const parent = path.length === 0 ? document.contents : document.getIn(path, true)
    if (parent && typeof parent === 'object' && 'items' in parent) {
      for (const pair of parent.items as { key?: unknown }[]) {
        if (isNode(pair.key) && String(pair.key) === key && pair.key.range) return placeAt(pair.key.range[0])
      }
    }
    return locate(path)
  }

  const doubled = takeDoubledKeys(document).map(({ key, offset }) => ({
    ...placeAt(offset),
    message: `"${key}" stands here twice`,
  }))
  let plain: unknown
  try {
    plain = document.toJS({ maxAliasCount: MAX_ALIASES }) ?? {}
  } catch (error) {
    const lost = unresolvedAlias(document)
    const message = lost
      ? `nothing is anchored as &${lost.source}; a text that begins with * is quoted`
      : String(error instanceof Error ? error.message : error)
    return { ok: false, mistakes: [{ ...placeAt(lost?.range?.[0] ?? 0), message }] }
  }
  const parsed = schema.safeParse(plain)
  if (parsed.success) {
    if (doubled.length === 0) return { ok: true, document: { value: parsed.data, locate } }
    return { ok: false, mistakes: doubled, unchecked: { value: plain, locate } }
  }

  const mistakes = parsed.error.issues.flatMap(plainIssues).flatMap((issue): Mistake[] => {
    if (issue.code === 'invalid_key') {
      const key = String(issue.path.at(-1))
      const message = `${pathText(issue.path)}${issue.issues[0]?.message ?? ''}`
      return [{ ...locateKey(issue.path.slice(0, -1), key), message }]
    }
    if (issue.code !== 'unrecognized_keys') {
      return [{ ...locate(issue.path), message: `${issueText(issue)}${meantValue(issue, valueAt(plain, issue.path))}` }]
    }
    const known = knownKeys(schema, issue.path)
    return issue.keys.map((key) => {
      const near = suggest(key, known) ?? suggestByFirstWord(key, known)
      const message = `unknown key "${key}"${near === undefined ? knownHere(known) : didYouMean(near)}`
      return { ...locateKey(issue.path, key), message }
    })
  })
  const wrongAt = parsed.error.issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...issue.path, key]) : [issue.path],
  )
  const rest = schema.safeParse(without(plain, wrongAt))
  return {
    ok: false,
    mistakes: [...doubled, ...mistakes].sort((a, b) => a.line - b.line || a.column - b.column),
    unchecked: { value: plain, locate },
    ...(rest.success && { rest: { value: rest.data, locate } }),
    wrongAt,
  }
}

/** The library's words, but for those that only programmers understand. */
function yamlText({ code, message }: YAMLParseError): string {
  if (code === 'BAD_ALIAS') return 'a text that begins with * is quoted: "*"'
  return code === 'MULTIPLE_DOCS' ? 'one document a file: what follows --- is another' : message
}

/** Takes out of each mapping what comes again later in it, and gives the keys that come again. */
function takeDoubledKeys(document: Document): { key: string; offset: number }[] {
  const doubled: { key: string; offset: number }[] = []
  visit(document, {
    Map: (_, map) => {
      const last = new Map<string, unknown>()
      for (const { key } of map.items) {
        const name = String(key)
        if (last.has(name)) doubled.push({ key: name, offset: (isNode(key) && key.range?.[0]) || 0 })
        last.set(name, key)
      }
      if (last.size < map.items.length) map.items = map.items.filter(({ key }) => last.get(String(key)) === key)
    },
  })
  return doubled
}

function unresolvedAlias(document: Document): Alias | undefined {
  let lost: Alias | undefined
  visit(document, {
    Alias: (_, alias) => {
      if (!lost && !alias.resolve(document)) lost = alias
    },
  })
  return lost
}

/** Nothing is near: all that there could be, where that is no long list. */
function knownHere(known: ReadonlySet<string>): string {
  return known.size === 0 || known.size > MAX_LISTED ? '' : `; known here: ${[...known].sort().join(', ')}`
}

const MAX_LISTED = 25

function didYouMean(near: string | undefined): string {
  return near === undefined ? '' : `; did you mean "${near}"?`
}

/** `pasword` is near nothing, but its meaning is not far from `password_file`. */
function suggestByFirstWord(key: string, known: ReadonlySet<string>): string | undefined {
  const byFirstWord = new Map([...known].reverse().map((one) => [one.split('_')[0] ?? one, one]))
  const near = suggest(key.split('_')[0] ?? key, byFirstWord.keys())
  return near === undefined ? undefined : byFirstWord.get(near)
}

function meantValue(issue: z.core.$ZodIssue, value: unknown): string {
  if (issue.code !== 'invalid_value' || typeof value !== 'string' || issue.values.length < 2) return ''
  return didYouMean(suggest(value, issue.values.map(String)))
}

function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>((at, step) => (at as Record<PropertyKey, unknown> | null | undefined)?.[step], value)
}

/** A copy without what lies at these paths; the last of a list first, so that the others keep their places. */
function without(value: unknown, paths: readonly Path[]): unknown {
  const lastFirst = [...paths].sort((a, b) => pathText(b).localeCompare(pathText(a), 'en', { numeric: true }))
  return lastFirst.reduce(withoutOne, value)
}

function withoutOne(value: unknown, [step, ...further]: Path): unknown {
  if (typeof value !== 'object' || value === null || step === undefined) return value
  const copy = Array.isArray(value) ? [...value] : { ...value }
  if (further.length > 0) Reflect.set(copy, step, withoutOne(Reflect.get(copy, step), further))
  else if (Array.isArray(copy)) copy.splice(Number(step), 1)
  else Reflect.deleteProperty(copy, step)
  return copy
}

/**
 * As checkYaml, for a caller that cannot go on with mistakes.
 *
 * @throws CONFIG_INVALID with one `file:line:column: message` a line.
 */
export function readYamlOrThrow<S extends ZodType>(file: string, text: string, schema: S): YamlDocument<z.output<S>> {
  const result = checkYaml(file, text, schema)
  if (result.ok) return result.document
  throw mistakesError(result.mistakes)
}

/** The error that carries a list of mistakes to a terminal or a log. */
export class MistakesError extends PgoauthError {
  readonly mistakes: readonly Mistake[]

  constructor(mistakes: readonly Mistake[]) {
    super('CONFIG_INVALID', { detail: `\n${mistakes.map(mistakeText).join('\n')}` })
    this.mistakes = mistakes
  }
}

export function mistakesError(mistakes: readonly Mistake[]): MistakesError {
  return new MistakesError(mistakes)
}

export function mistakeText({ file, line, column, message }: Mistake): string {
  return `${file}:${line}:${column}: ${message}`
}

/** As a union names its failure: for each of its options, the issues that speak against it. */
function plainIssues(issue: z.core.$ZodIssue): z.core.$ZodIssue[] {
  if (issue.code !== 'invalid_union') return [issue]
  const options = issue.errors.map((option) =>
    option.map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] })).flatMap(plainIssues),
  )
  // The option whose type the value has is the one that was meant.
  const ofType = options.filter((option) => !option.some(({ code }) => /^invalid_(type|value)$/.test(code)))
  if (ofType.length === 1 && options.length > 1) return ofType[0] ?? []
  // Else the one whose mistakes lie deepest: the value had at least its shape.
  const depths = options.map((option) => Math.max(0, ...option.map(issueDepth)))
  const deepest = Math.max(0, ...depths)
  if (deepest > issue.path.length) return options[depths.indexOf(deepest)] ?? []
  const wanted = options.flatMap((option) => option.map((inner) => wantedText(inner)))
  return [{ ...issue, code: 'custom', message: `must be ${[...new Set(wanted)].join(' or ')}` }]
}

function issueDepth(issue: z.core.$ZodIssue): number {
  return issue.path.length + (issue.code === 'unrecognized_keys' ? 1 : 0)
}

const TYPE_NAMES: Readonly<Record<string, string>> = {
  array: 'a list',
  object: 'a mapping',
  record: 'a mapping',
  map: 'a mapping',
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
}

function wantedText(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_type') return TYPE_NAMES[issue.expected] ?? issue.expected
  if (issue.code === 'invalid_value') return issue.values.map((value) => JSON.stringify(value)).join(', ')
  return issue.message
}

/** What is wrong, as a person reads it; `called` is what they know the value as (`--port:`), its path where absent. */
export function issueText(issue: z.core.$ZodIssue, called?: string): string {
  const name = called ?? (issue.path.length === 0 ? 'the file' : issue.path.map(String).join('.'))
  if (issue.code === 'invalid_type' && issue.message.endsWith('received undefined')) return `${name} is missing`
  if (issue.code === 'invalid_type') return `${name} must be ${wantedText(issue)}`
  if (issue.code === 'invalid_value')
    return `${name} must be ${issue.values.length > 1 ? 'one of ' : ''}${wantedText(issue)}`
  // What a schema says itself is said; the library's own words are for those who know it.
  const message = /^Too (big|small)\b/.test(issue.message) ? (boundText(issue) ?? issue.message) : issue.message
  if (message.startsWith('must ')) return `${name} ${message}`
  return `${called === undefined ? pathText(issue.path) : `${called} `}${message}`
}

function boundText(issue: z.core.$ZodIssue): string | undefined {
  if (issue.code === 'too_big') return `must be at most ${issue.maximum}`
  if (issue.code !== 'too_small') return undefined
  return issue.origin === 'number' || issue.origin === 'int' ? `must be at least ${issue.minimum}` : 'must not be empty'
}

function pathText(path: Path): string {
  return path.length === 0 ? '' : `${path.map(String).join('.')}: `
}

/** The keys a schema knows at a path, looking through optional, default, union and record wrappers. */
function knownKeys(schema: ZodType, path: Path): Set<string> {
  let level = unwrap(schema)
  for (const step of path) {
    level = level.flatMap((one) => unwrap(child(one, String(step))))
  }
  return new Set(level.flatMap((one) => Object.keys(definition(one).shape ?? {})))
}

interface Definition {
  readonly type: string
  readonly innerType?: ZodType
  readonly in?: ZodType
  readonly out?: ZodType
  readonly options?: ZodType[]
  readonly shape?: Record<string, ZodType>
  readonly valueType?: ZodType
  readonly element?: ZodType
}

function definition(schema: ZodType): Definition {
  return schema.def as unknown as Definition
}

function unwrap(schema: ZodType | undefined): ZodType[] {
  if (schema === undefined) return []
  const { innerType, in: input, out: output, options } = definition(schema)
  if (innerType) return unwrap(innerType)
  // z.preprocess is a pipe out of a transform: the keys are on its far side.
  if (input) return unwrap(definition(input).type === 'transform' ? output : input)
  if (options) return options.flatMap(unwrap)
  return [schema]
}

function child(schema: ZodType, step: string): ZodType | undefined {
  const { shape, valueType, element } = definition(schema)
  return shape ? shape[step] : (valueType ?? element)
}
