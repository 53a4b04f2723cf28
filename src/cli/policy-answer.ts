import { objectText, recordsOf } from '../policy/access-record.ts'
import { decide, scopesThatAllow } from '../policy/decide.ts'
import type { AccessVerdict } from '../policy/decision.ts'
import { grantsFor } from '../policy/grants.ts'
import type { Policy } from '../policy/policy.ts'
import { analyse } from '../sql/analyse.ts'
import type { Catalog } from '../sql/catalog.ts'

export interface ExplainedUnder {
  readonly policy: Policy
  readonly catalog: Catalog
  readonly observing: boolean
}

/** One access of an explained statement. */
export interface ExplainedAccess {
  readonly action: string
  readonly object: string
  readonly columns?: readonly string[]
  readonly allowed: boolean
  /** The scopes that give it, `always`, `metadata`, `free`; `never` where that forbids it; null where nothing does. */
  readonly by: string | null
  /** Where it is denied: scopes each of which would allow it. */
  readonly scopes?: readonly string[]
}

export interface Explanation {
  readonly decision: 'allow' | 'deny'
  readonly accesses: readonly ExplainedAccess[]
  readonly reason?: string
  /** The parser's words, where the text does not parse. */
  readonly message?: string
  readonly position?: number
}

/** Scopes in one text, as a token has them: separated by blanks; or by commas. */
export function splitScopes(scopes: string): string[] {
  return scopes.split(/[\s,]+/).filter((scope) => scope !== '')
}

/** What a text needs, and whether these scopes give it. Several statements are judged as one: all or none. */
export function explainStatement(sql: string, scopes: readonly string[], under: ExplainedUnder): Explanation {
  const { policy, catalog, observing } = under
  const analysis = analyse(sql, catalog, { allowHeavy: true })
  if (!analysis.ok) {
    const reason = analysis.code === 'SYNTAX' ? 'syntax' : analysis.code.toLowerCase().replaceAll('_', ' ')
    const { message, position } = analysis
    return { decision: 'deny', accesses: [], reason, message, ...(position === undefined ? {} : { position }) }
  }
  const grants = grantsFor(policy, scopes)
  const decisions = analysis.statements.map((statement) => decide(statement, grants, observing))
  const verdicts = decisions.flatMap((one) => one.verdicts).filter((one) => !isFreeCall(one))
  const accesses = verdicts.map((verdict) => explainAccess(verdict, policy, scopes))
  const denied = decisions.find((one) => !one.allowed)
  const reason = (denied ?? decisions.find((one) => one.observed))?.reason
  return { decision: denied ? 'deny' : 'allow', accesses, ...(reason === undefined ? {} : { reason }) }
}

/** Functions that everyone may call are not worth a word, unless `never` forbids them. */
function isFreeCall({ access, allowed }: AccessVerdict): boolean {
  return allowed && access.free === true && access.kind === 'function'
}

function explainAccess(
  { access, allowed, by }: AccessVerdict,
  policy: Policy,
  have: readonly string[],
): ExplainedAccess {
  const [only] = access.targets
  const object = access.targets.length === 1 && only ? objectText(only) : access.object
  const [record] = recordsOf(access)
  const columns = record?.columns === undefined ? {} : { columns: record.columns }
  const would = allowed ? {} : { scopes: scopesThatAllow(policy, access, have) }
  return { action: access.action, object, ...columns, allowed, by: by.length > 0 ? by.join(', ') : null, ...would }
}

/** The object `--json` prints. */
export function explanationJson(explanation: Explanation): object {
  return explanation
}

/** What a person reads: a line an access, then the verdict. */
export function explanationText({ decision, accesses, reason, message, position }: Explanation): string {
  const lines = accesses.map(accessLine)
  const at = position === undefined ? '' : ` at character ${position}`
  const why = reason === undefined ? '' : `: ${reason}${message === undefined ? '' : ` (${message}${at})`}`
  lines.push(`${decision === 'allow' ? 'allowed' : 'denied'}${why}`)
  return lines.join('\n')
}

function accessLine({ action, object, columns, allowed, by, scopes }: ExplainedAccess): string {
  const list = columns && columns.length > 0 ? ` (${columns.join(', ')})` : ''
  const what = `${allowed ? 'yes' : 'no '}  ${action} ${object}${list}`
  if (allowed) return `${what}  by ${by}`
  if (by === 'never') return `${what}  forbidden by never`
  return scopes && scopes.length > 0
    ? `${what}  would be given by ${scopes.join(', or ')}`
    : `${what}  no scope gives it`
}
