import type { Access } from '../base/access.ts'
import { type AccessRecord, accessOf } from './access-record.ts'
import { decide } from './decide.ts'
import { grantsFor } from './grants.ts'
import type { Policy } from './policy.ts'
import { smallestCover } from './smallest-cover.ts'

export interface Suggestion {
  /** The smallest set of scopes of the policy that covers what any set of them covers. */
  readonly scopes: readonly string[]
  /** What no scope gives, less what `always` and `metadata` do: rules to be written. */
  readonly uncovered: readonly AccessRecord[]
  /** What `never` forbids, whatever the scopes. */
  readonly forbidden: readonly AccessRecord[]
}

/**
 * The scopes that cover what was done. Pure. A scope that gives `all` covers everything, and is only named where nothing
 * less does.
 */
export function suggestScopes(policy: Policy, done: readonly AccessRecord[]): Suggestion {
  const distinct = new Map(done.map((record) => [JSON.stringify(record), record]))
  const known = [...distinct.values()].map((record) => ({ record, access: accessOf(record) }))
  const scopesOfAll = new Set([...policy.scopes].flatMap(([name, { all }]) => (all ? [name] : [])))
  const allScopes = [...policy.scopes.keys()]
  const isCovered = (scopes: readonly string[], access: Access | undefined) =>
    access !== undefined && decide({ accesses: [access] }, grantsFor(policy, scopes)).allowed
  const missed = known.filter(({ access }) => !isCovered(allScopes, access))
  const isForbidden = (access: Access | undefined) =>
    access !== undefined && decide({ accesses: [access] }, grantsFor(policy, [])).verdicts[0]?.by.includes('never')
  const forbidden = missed.filter(({ access }) => isForbidden(access)).map(({ record }) => record)
  const uncovered = missed.filter(({ access }) => !isForbidden(access)).map(({ record }) => record)
  const wanted = known.flatMap(({ access }) =>
    access && isCovered(allScopes, access) && !isCovered([], access) ? [access] : [],
  )
  const modest = allScopes.filter((scope) => !scopesOfAll.has(scope))
  const everything = wanted.every((access) => isCovered(modest, access)) ? modest : allScopes
  const covers = (scopes: readonly string[]) => wanted.every((access) => isCovered(scopes, access))
  const parts = new Map(wanted.flatMap(partsOf).map((part) => [JSON.stringify(part), part]))
  const givers = [...parts.values()]
    .filter((part) => !isCovered([], part))
    .map((part) => everything.flatMap((scope, at) => (isCovered([scope], part) ? [at] : [])))
  const scopes = smallestCover(givers).flatMap((at) => everything[at] ?? [])
  return { scopes: covers(scopes) ? scopes : irredundant(everything, covers), uncovered, forbidden }
}

/** An access taken apart: scopes give it together where each of these is given by one of them. */
function partsOf(access: Access): Access[] {
  const parts = access.targets.flatMap((target) => {
    const { columns, ...rest } = target
    const needs = columns === undefined || columns === 'all' || columns.length === 0 ? [columns] : columns
    return needs.map((need): Access => {
      const one = need === undefined || need === 'all' || Array.isArray(need) ? need : [need as string]
      return { ...access, targets: [one === undefined ? rest : { ...rest, columns: one }] }
    })
  })
  return parts.length > 0 ? parts : [access]
}

/** Takes scopes away, the last first, while the rest still covers. */
function irredundant(scopes: readonly string[], covers: (scopes: readonly string[]) => boolean): readonly string[] {
  let left = scopes
  for (const scope of scopes.toReversed()) {
    const without = left.filter((one) => one !== scope)
    if (covers(without)) left = without
  }
  return left
}
