import { type CatalogSource, namesOnlySource } from '../../src/enforce/catalog-source.ts'
import type { Judge, JudgedFor, Judgement, ParsedJudgement } from '../../src/enforce/judge.ts'
import { JudgingTally } from '../../src/enforce/judging-tally.ts'
import type { JudgedUnder } from '../../src/enforce/prepared.ts'
import type { SessionEffects, StatementAnalysis } from '../../src/sql/analysis.ts'

/** Decides whether a statement may run. */
export type Rule = (statement: string, session: JudgedFor) => boolean

/**
 * A judge for tests of the protocol alone: it takes statements apart at semicolons and knows their first words.
 * What `rule` refuses is denied; what starts with `bad` does not parse.
 */
export class TextJudge implements Judge {
  readonly catalog: CatalogSource = {
    ...namesOnlySource(),
    markStale: () => {
      this.staleMarks++
    },
  }
  readonly tally = new JudgingTally()
  staleMarks = 0
  /** Answers by promise, a turn of the event loop later. */
  slow = false
  readonly judged: string[] = []
  readonly #rule: Rule

  constructor(rule: Rule = (statement) => !statement.includes('secret')) {
    this.#rule = rule
  }

  judge(sql: string, session: JudgedFor): Judgement | Promise<Judgement> {
    this.judged.push(sql)
    const judgement = this.#judge(sql, { grants: session.grants, temporary: session.temporary })
    return this.slow ? new Promise((resolve) => setImmediate(() => resolve(judgement))) : judgement
  }

  async judgeLarge(sql: Buffer, session: JudgedFor): Promise<Judgement> {
    return this.judge(sql.toString(), session)
  }

  known(sql: string, session: JudgedFor): ParsedJudgement | undefined {
    const judgement = this.slow ? undefined : this.#judge(sql, session)
    return judgement?.kind === 'parsed' && judgement.allowed ? judgement : undefined
  }

  patternOf(): undefined {
    return undefined
  }

  holdsStill(under: JudgedUnder, _analysis: StatementAnalysis | undefined, session: JudgedFor): boolean {
    return under.grants === session.grants
  }

  functionCallText(oid: number): string | undefined {
    return oid === 89 ? 'select version()' : undefined
  }

  fingerprint(sql: string): string {
    return sql.replaceAll(/'[^']*'|\d+/g, '?')
  }

  missingScopes(): readonly string[] {
    return ['some:scope']
  }

  #judge(sql: string, session: JudgedFor): Judgement {
    if (sql.startsWith('bad')) return { kind: 'unparsable', code: 'SYNTAX', message: 'syntax error', position: 1 }
    let start = 0
    const statements = sql.split(';').flatMap((text) => {
      const from = start
      start += Buffer.byteLength(text) + 1
      if (text.trim() === '') return []
      const allowed = this.#rule(text, session)
      const denied = { action: 'select', kind: 'relation', object: 'secret' } as const
      const decision = {
        allowed,
        observed: false,
        byColumns: false,
        verdicts: [],
        ...(!allowed && { denied, reason: 'no scope' }),
      }
      return [{ analysis: analysisOf(text, from), decision }]
    })
    const allowed = statements.every((one) => one.decision.allowed)
    const under = { grants: session.grants, catalog: this.catalog.current, own: session.temporary }
    return { kind: 'parsed', statements, distinct: statements, allowed, observing: false, observed: false, under }
  }
}

const KINDS: Readonly<Record<string, string>> = { execute: 'ExecuteStmt', explain: 'ExplainStmt' }

function analysisOf(text: string, start: number): StatementAnalysis {
  return {
    kind: KINDS[text.trim().split(' ')[0] ?? ''] ?? 'SelectStmt',
    accesses: [],
    start,
    end: start + Buffer.byteLength(text),
    effects: effectsOf(text.trim()),
    ddl: /^\s*create/.test(text),
    opaque: false,
    readOnly: false,
    plain: false,
  }
}

function effectsOf(text: string): SessionEffects {
  const [, name = '', inner = ''] = /^\w+ (\w+)(?: as | (?:no scroll )?cursor for )?(.*)$/.exec(text) ?? []
  if (/^copy .* from stdin/.test(text)) return { copy: 'in' }
  if (/^copy .* to stdout/.test(text)) return { copy: 'out' }
  if (text.startsWith('prepare')) return { prepare: { name, statement: analysisOf(inner, 0) } }
  const execute = /^(?:explain .*|create temp table \w+ as )?execute (\w+)$/.exec(text)?.[1]
  if (execute !== undefined) return { execute }
  if (text === 'deallocate all') return { deallocate: { name: undefined } }
  if (text.startsWith('deallocate')) return { deallocate: { name } }
  if (text.startsWith('declare')) {
    return { declare: { name, hold: text.includes('with hold'), statement: analysisOf(inner, 0) } }
  }
  if (/^(fetch|move)/.test(text)) return { fetch: text.split(' ').at(-1) ?? '' }
  if (text === 'close all') return { close: { name: undefined } }
  if (text.startsWith('close')) return { close: { name } }
  if (text === 'discard all') return { discard: 'all' }
  if (text === 'reset all') return { reset: { name: undefined } }
  return {}
}
