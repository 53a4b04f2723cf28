import { foldName } from '../base/sql-name.ts'
import type { StatementAnalysis } from '../sql/analysis.ts'
import type { Owed } from './reply-ledger.ts'
import type { Note } from './session-state.ts'
import type { StatementText } from './statement-text.ts'
import type { VisibleObjects } from './visible-objects.ts'

/** What the server was at when it said something. */
export interface ErrorSource {
  /** The statements it may have been at; empty where that is not known. */
  readonly analyses: readonly StatementAnalysis[]
  /** The client's text, into which a position points. */
  readonly sql?: string | undefined
  /** It was at a Bind: reading what the client sent. */
  readonly isInput: boolean
}

export const UNKNOWN_SOURCE: ErrorSource = { analyses: [], isInput: false }

/** Where an error or notice comes from that answers this message. */
export function sourceOf(head: Owed<Note> | undefined): ErrorSource {
  if (head === undefined) return UNKNOWN_SOURCE
  const { message, note } = head
  const isInput = message === 'bind'
  const running = note.statements?.[note.steps ?? 0]
  if (note.statements) return { analyses: running ? [running.analysis] : [], sql: note.sql, isInput }
  const prepared = note.statement ? [note.statement.value] : (note.portal?.value.candidates ?? [])
  const analyses = prepared.flatMap(({ analysis }) => analysis ?? [])
  return { analyses, sql: prepared.length === 1 ? shortText(prepared[0]?.sql) : undefined, isInput }
}

/** In what is large nobody looks for the place of an error. */
export function shortText(text: StatementText | undefined): string | undefined {
  return typeof text === 'string' ? text : undefined
}

/** Schemas and names of what the statements ask for by themselves; it was given, whether it exists or not. */
export function namesAskedFor({ analyses }: ErrorSource): ReadonlySet<string> {
  const names = new Set<string>()
  for (const { accesses } of analyses) {
    for (const { targets, onlyNever } of accesses) {
      if (onlyNever) continue
      for (const { schema, name } of targets) for (const one of [schema, name]) if (one) names.add(one)
    }
  }
  return names
}

/** The words of the dotted name that stands at a position of the client's text: its own, whatever they name. */
export function wordsAt({ sql }: ErrorSource, position: string | undefined): ReadonlySet<string> {
  if (sql === undefined || position === undefined) return NO_WORDS
  let at = 0
  for (let characters = Number(position) - 1; characters > 0 && at < sql.length; characters--) {
    at += (sql.codePointAt(at) ?? 0) > 0xffff ? 2 : 1
  }
  const [name] = DOTTED_NAME.exec(sql.slice(at, at + MAX_NAME_CHARACTERS)) ?? []
  const words = new Set<string>()
  for (const [word, quoted] of (name ?? '').matchAll(NAME)) {
    if (quoted === undefined) for (const one of [word, foldName(word)]) words.add(one)
    else words.add(quoted.replaceAll('""', '"'))
  }
  return words
}

const NO_WORDS: ReadonlySet<string> = new Set()
const MAX_NAME_CHARACTERS = 500
const DOTTED_NAME =
  /^(?:"(?:[^"]|"")+"|[\p{L}_][\p{L}\p{N}_$]*)(?:\s*\.\s*(?:"(?:[^"]|"")+"|[\p{L}_][\p{L}\p{N}_$]*))*/u
const NAME = /"((?:[^"]|"")+)"|[\p{L}_][\p{L}\p{N}_$]*/gu

/**
 * Whether the values that took part are surely the client's own or of columns it may read: nothing ran through a view,
 * a policy, a function, a cursor or another prepared statement.
 */
export function showsOwnValues({ analyses, isInput }: ErrorSource, visible: VisibleObjects): boolean {
  if (isInput) return true
  return analyses.length > 0 && analyses.every((one) => isClear(one, visible))
}

function isClear({ accesses, effects, refusal }: StatementAnalysis, visible: VisibleObjects): boolean {
  if (refusal || effects.execute !== undefined || effects.fetch !== undefined) return false
  return accesses.every(({ action, kind, targets, free, metadata, onlyNever }) => {
    if (free || metadata || onlyNever || kind === 'parameter' || kind === 'channel') return true
    if (kind === 'function' || kind === 'any') return false
    return targets.every(({ schema, name }) => schema !== undefined && visible.isClear(action, schema, name))
  })
}
