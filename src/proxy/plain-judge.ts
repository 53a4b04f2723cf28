import { createHash } from 'node:crypto'
import type { Clock } from '../base/clock.ts'
import type { CatalogSource, Judge } from '../enforce/judge.ts'
import { decide, scopesThatAllow } from '../policy/decide.ts'
import type { Decision } from '../policy/decision.ts'
import type { Policy } from '../policy/policy.ts'
import { isObserving } from '../policy/policy-file.ts'
import { analyse } from '../sql/analyse.ts'
import { namesOnlyCatalog } from '../sql/catalog-index.ts'

/** Judges by names alone, without a catalog and without caches; `loadParser` has to have been awaited. */
export function plainJudge(policy: Policy, clock: Clock): Judge {
  const current = namesOnlyCatalog(policy.searchPath)
  const catalog: CatalogSource = { current, stale: false, refresh: async () => current, markStale() {} }
  return {
    catalog,
    judge(sql, { grants }) {
      const analysis = analyse(sql, current, { allowHeavy: true })
      if (!analysis.ok) return { kind: 'unparsable', ...analysis }
      const observing = isObserving(grants.policy, clock.nowMs())
      const statements = analysis.statements.map((one) => ({ analysis: one, decision: decide(one, grants, observing) }))
      return {
        kind: 'parsed',
        statements,
        allowed: statements.every(({ decision }) => decision.allowed),
        observed: statements.some(({ decision }) => decision.observed),
        under: { grants, catalog: current },
      }
    },
    holdsStill: (under, _analysis, { grants }) => under.grants === grants && under.catalog === current,
    functionCallText: () => undefined,
    fingerprint: (sql) => createHash('sha256').update(sql).digest('hex').slice(0, 16),
    missingScopes: (decision: Decision, grants) => {
      const denied = decision.verdicts.find((verdict) => !verdict.allowed)
      return denied ? scopesThatAllow(grants.policy, denied.access) : []
    },
  }
}
