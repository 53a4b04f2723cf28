import type { ZodObject, ZodType, z } from 'zod'
import { ACTIONS, type Action } from '../base/access.ts'
import { splitDottedName } from '../base/sql-name.ts'
import { checkYaml, type Mistake, type YamlDocument, type YamlResult } from '../base/yaml-document.ts'
import type { Policy, RoleRule, RowRule, RuleObject, RuleSet } from './policy.ts'
import {
  includeSchema,
  type ParsedPolicy,
  type ParsedRole,
  type ParsedRules,
  type ParsedScope,
  policySchema,
  roleSchema,
  scopeSchema,
} from './policy-schema.ts'

export type PolicyResult =
  | { readonly ok: true; readonly policy: Policy }
  | { readonly ok: false; readonly mistakes: readonly Mistake[] }

/** How a policy reaches the files it names; both take paths as the file writes them, relative to `from`. */
export interface PolicyFiles {
  readText(path: string): string
  /** The files a pattern of `include` stands for, sorted; paths that `readText` takes. */
  expand?(pattern: string, from: string): readonly string[]
}

/**
 * Reads a policy file and what it includes. Every mistake at once, each with file, line and column.
 *
 * `readText` throws where a file cannot be read; that too is a mistake with a place (the `include` entry).
 */
export function loadPolicy(file: string, files: PolicyFiles | ((path: string) => string)): PolicyResult {
  const { readText, expand = asWritten } = typeof files === 'function' ? { readText: files } : files
  const mistakes: Mistake[] = []
  const main = documentOf(checkYaml(file, readText(file), policySchema), policySchema, mistakes)
  if (!main) return { ok: false, mistakes }
  const { value, locate } = main
  const complain = (path: readonly PropertyKey[], message: string) => mistakes.push({ ...locate(path), message })

  const scopes = new Map<string, RuleSet>()
  const rows: RowRule[] = []
  /** Where each scope stands is looked up only when it must be told: of thousands that takes long. */
  const owners = new Map<string, YamlDocument<unknown>>()
  const addScopes = (document: YamlDocument<{ scopes: Record<string, ParsedScope> }>) => {
    for (const [name, scope] of Object.entries(document.value.scopes)) {
      const other = owners.get(name)?.locate(['scopes', name])
      if (other) {
        const message = `scope "${name}" is defined twice: here and at ${other.file}:${other.line}:${other.column}`
        mistakes.push({ ...document.locate(['scopes', name]), message })
      }
      owners.set(name, document)
      scopes.set(name, ruleSet(scope))
      for (const [table, condition] of Object.entries(scope.rows ?? {})) {
        const place = document.locate(['scopes', name, 'rows', table])
        const [schema, relation] = splitDottedName(table, 2) ?? []
        if (relation === undefined) {
          mistakes.push({ ...place, message: `rows: "${table}" is not a table name such as sales.orders` })
        } else rows.push({ scope: name, table: { schema, name: relation, columns: undefined }, condition, place })
      }
    }
  }
  addScopes(main)

  const included = new Set<string>()
  for (const [index, pattern] of (value.include ?? []).entries()) {
    const paths = expand(pattern, file)
    if (paths.length === 0) complain(['include', index], `"${pattern}": no such file beside this one`)
    for (const path of paths) {
      // Two patterns may stand for one file.
      if (included.has(path)) continue
      included.add(path)
      const text = tryRead(readText, path)
      if (text === undefined) complain(['include', index], `"${path}" cannot be read`)
      else {
        const document = documentOf(checkYaml(path, text, includeSchema), includeSchema, mistakes)
        if (document) addScopes(document)
      }
    }
  }

  const observeUntilMs = readDate(value.observe_until)
  if (value.observe_until !== undefined && observeUntilMs === undefined) {
    complain(['observe_until'], `observe_until: "${value.observe_until}" is not a date such as 2030-01-31`)
  }
  if (value.mode === 'observe' && value.observe_until === undefined) {
    complain(['mode'], 'mode: observe needs observe_until: DATE, past which it is enforce')
  }
  const roles = value.roles.map((role, index) => roleRule(role, (message) => complain(['roles', index], message)))
  const searchPath = readSearchPath(value, complain)

  if (mistakes.length > 0) return { ok: false, mistakes: inOrder(mistakes) }
  return {
    ok: true,
    policy: {
      file,
      roles,
      scopes,
      always: ruleSet(value.always ?? {}),
      never: ruleSet(value.never ?? {}),
      metadata: value.metadata,
      errors: value.errors,
      mode: value.mode,
      observeUntilMs,
      help: value.help,
      searchPath,
      rows,
    },
  }
}

/** File by file as they came, each from its top. */
function inOrder(mistakes: readonly Mistake[]): Mistake[] {
  const files = [...new Set(mistakes.map((one) => one.file))]
  const byLine = mistakes.toSorted((a, b) => a.line - b.line || a.column - b.column)
  return files.flatMap((file) => byLine.filter((one) => one.file === file))
}

/**
 * The document, and its mistakes among the others. Where there are some, what is left of it: the keys, and the scopes,
 * that are right by themselves, so that the mistakes between them are told at once with these.
 */
function documentOf<S extends ZodObject>(
  read: YamlResult<z.output<S>>,
  schema: S,
  mistakes: Mistake[],
): YamlDocument<z.output<S>> | undefined {
  if (read.ok) return read.document
  mistakes.push(...read.mistakes)
  const { value, locate } = read.unchecked ?? {}
  if (locate === undefined || typeof value !== 'object' || value === null) return undefined
  const given: Readonly<Record<string, unknown>> = { ...value, version: 1 }
  const rightOf = (key: string, part: ZodType): [string, unknown][] => {
    const parsed = part.safeParse(given[key])
    return parsed.success ? [[key, parsed.data]] : [[key, part.safeParse(undefined).data]]
  }
  const right = Object.fromEntries(Object.entries(schema.shape).flatMap(([key, part]) => rightOf(key, part as ZodType)))
  const roles = Array.isArray(given.roles) ? { roles: given.roles.map(rightRole) } : {}
  return { value: { ...right, ...roles, scopes: rightScopes(given.scopes) } as z.output<S>, locate }
}

function rightRole(given: unknown): ParsedRole {
  const parsed = roleSchema.safeParse(given)
  return parsed.success ? parsed.data : { role: 'unreadable' }
}

function rightScopes(given: unknown): Record<string, ParsedScope> {
  const all = typeof given === 'object' && given !== null ? Object.entries(given) : []
  return Object.fromEntries(
    all.flatMap(([name, one]): [string, ParsedScope][] => {
      const parsed = scopeSchema.safeParse(one)
      // One with mistakes is there all the same: another of its name is one too many.
      return [[name, parsed.success ? parsed.data : {}]]
    }),
  )
}

/** Whether missing grants are waived now: `observe`, and its date is not past. */
export function isObserving(policy: Policy, nowMs: number): boolean {
  return policy.mode === 'observe' && policy.observeUntilMs !== undefined && nowMs < policy.observeUntilMs
}

function asWritten(pattern: string): readonly string[] {
  return pattern.includes('*') ? [] : [pattern]
}

function tryRead(readText: (path: string) => string, path: string): string | undefined {
  try {
    return readText(path)
  } catch {
    return undefined
  }
}

function ruleSet(rules: ParsedRules): RuleSet {
  const objects = new Map<Action, readonly RuleObject[]>()
  for (const action of ACTIONS) {
    const list = rules[action]
    if (action !== 'all' && list) objects.set(action, list)
  }
  return { all: (rules.all?.length ?? 0) > 0, objects }
}

function roleRule(role: ParsedRole, complain: (message: string) => void): RoleRule {
  const isTemplate = /\{[^{}]+\}/.test(role.role)
  if (isTemplate && !role.among)
    complain(`role "${role.role}" is taken from a claim: it needs among: [names it may be]`)
  if (!isTemplate && /[{}]/.test(role.role)) complain(`role "${role.role}": a claim is written {claim}`)
  const when = Object.entries(role.when ?? {}).map(([claim, values]) => ({ claim, values }))
  return { role: role.role, when, among: role.among, issuers: role.issuer }
}

/** A date alone is the start of that day in UTC. */
function readDate(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d{4}-\d{2}-\d{2}([T ].*)?$/.test(text)) return undefined
  const ms = Date.parse(text.length > 10 && !/(Z|[+-]\d\d:?\d\d)$/.test(text) ? `${text}Z` : text)
  // The 30th of February is taken for a day of March.
  const day = new Date(`${text.slice(0, 10)}T00:00:00Z`)
  if (Number.isNaN(ms) || Number.isNaN(day.getTime()) || !day.toISOString().startsWith(text.slice(0, 10)))
    return undefined
  return ms
}

function readSearchPath(
  value: ParsedPolicy,
  complain: (path: readonly PropertyKey[], message: string) => void,
): readonly string[] | undefined {
  return value.search_path?.map((entry, index) => {
    const parts = splitDottedName(entry, 1)
    if (!parts?.[0]) complain(['search_path', index], `"${entry}" is not a schema name`)
    else if (parts[0] === '$user')
      complain(['search_path', index], 'search_path: "$user" is another schema for each role; name the schemas')
    else if (parts[0].startsWith('pg_temp'))
      complain(['search_path', index], `search_path: "${entry}" is another schema for each session`)
    return parts?.[0] ?? entry
  })
}
