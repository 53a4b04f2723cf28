import type { Action } from '../base/access.ts'
import { quoteName, tokenizeName } from '../base/sql-name.ts'
import type { RuleObject } from './policy.ts'

const WITH_COLUMNS: ReadonlySet<Action> = new Set(['select', 'insert', 'update', 'references'])
const ONLY_EVERYTHING: ReadonlySet<Action> = new Set(['code', 'grant', 'server_files', 'all'])
const WITHOUT_SCHEMA: ReadonlySet<Action> = new Set(['set', 'listen', 'notify'])
const SCHEMAS_TOO: ReadonlySet<Action> = new Set(['create', 'alter', 'drop'])

/** Everything outside pg_catalog and information_schema. */
const EVERYTHING: RuleObject = { schema: '*', name: '*', columns: undefined }

/** Reads one object of a rule; a string is what is wrong with it and what to write instead. */
export function parseRuleObject(action: Action, text: string): RuleObject | string {
  const trimmed = text.trim()
  if (trimmed === '*') return EVERYTHING
  if (ONLY_EVERYTHING.has(action)) return `"${action}" is given on "*" only, not on "${text}"`
  if (WITHOUT_SCHEMA.has(action)) return parsePlain(action, trimmed)
  const tokens = tokenizeName(trimmed)
  if (!tokens || tokens.length === 0) return malformed(text)
  if (tokens.some(({ quoted, name }) => quoted && name === '*')) {
    return `"${text}": a name that is * cannot be told from a pattern; write the schema's pattern or "*"`
  }
  const [first, dot, second, ...rest] = tokens
  if (first?.type !== 'name') return malformed(text)
  if (dot === undefined || dot.type === 'open') {
    if (dot === undefined && SCHEMAS_TOO.has(action)) return { schema: first.name, name: '', columns: undefined }
    return `"${text}" names no schema; write "public.${trimmed}"${dot ? '' : ` or "${quoteName(first.name)}.*"`}`
  }
  if (dot.type !== 'dot' || (second?.type !== 'name' && second?.type !== 'star')) return malformed(text)
  const object = { schema: first.name, name: second.type === 'star' ? '*' : second.name, columns: undefined }
  if (rest.length === 0) return object
  if (rest[0]?.type !== 'open') return malformed(text)
  if (!WITH_COLUMNS.has(action)) {
    return action === 'execute'
      ? `"${text}": functions are named without their arguments; write "${quoteName(first.name)}.${quoteName(second.name)}"`
      : `"${text}": "${action}" knows no columns`
  }
  if (second.type === 'star') return `"${text}": columns need one table, not a pattern`
  const columns: string[] = []
  for (let at = 1; at < rest.length; at += 2) {
    const column = rest[at]
    const after = rest[at + 1]
    if (column?.type !== 'name') return malformed(text)
    columns.push(column.name)
    if (after?.type === 'close' && at + 2 === rest.length) return { ...object, columns }
    if (after?.type !== 'comma') return malformed(text)
  }
  return malformed(text)
}

function parsePlain(action: Action, text: string): RuleObject | string {
  const tokens = tokenizeName(text)
  const isDotted = tokens?.every((token, index) => token.type === (index % 2 === 0 ? 'name' : 'dot'))
  if (!tokens || !isDotted || tokens.length % 2 === 0) {
    const such = action === 'set' ? 'a parameter name such as work_mem' : 'a channel name such as jobs'
    return `"${text}" is not ${such}${text.includes(',') ? ' (one an entry)' : ''}`
  }
  const parts = tokens.filter((token) => token.type === 'name').map((token) => token.name)
  if (action !== 'set' && parts.length > 1) return `"${text}": a channel is one name; quote it where it holds a dot`
  const name = parts.join('.')
  return { schema: undefined, name: action === 'set' ? name.toLowerCase() : name, columns: undefined }
}

function malformed(text: string): string {
  const hint = /[()]/.test(text)
    ? ' (a flow list splits at the comma: put columns in quotes or in a block list)'
    : text.includes(',')
      ? ' (one object an entry)'
      : ''
  return `"${text}" is not an object name such as sales.orders or sales.*${hint}`
}
