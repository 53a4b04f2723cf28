import type { Access } from '../base/access.ts'
import { type AccessRecord, accessOf } from './access-record.ts'
import { decide } from './decide.ts'
import { grantsFor } from './grants.ts'
import type { Policy } from './policy.ts'

export interface Suggestion {
  /** The smallest set of scopes of the policy that covers what any set of them covers. */
  readonly scopes: readonly string[]
  /** What no scope gives, less what `always` and `metadata` do: rules to be written. */
  readonly uncovered: readonly AccessRecord[]
  /** What `never` forbids, whatever the scopes. */
  readonly forbidden: readonly AccessRecord[]
}

/** Sets of this many scopes are tried out one and all; beyond, scopes are taken away while nothing is lost. */
const MAX_EXHAUSTIVE = 16

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
  const relevant = irredundant(everything, covers)
  const useful = everything.filter((scope) => wanted.some((access) => touches(policy, scope, access)))
  const scopes = useful.length <= MAX_EXHAUSTIVE ? (smallest(useful, covers) ?? relevant) : relevant
  return { scopes, uncovered, forbidden }
}

/** Whether a scope gives an access or some of its columns. */
function touches(policy: Policy, scope: string, access: Access): boolean {
  const grants = grantsFor(policy, [scope])
  const parts = access.targets.flatMap((target) => {
    const columns = target.columns === undefined || target.columns === 'all' ? [target.columns] : target.columns
    const needs = columns.map((one) => (typeof one === 'string' && one !== 'all' ? [one] : one))
    return needs.map((need): Access => {
      const { columns: _, ...rest } = target
      return { ...access, targets: [need === undefined ? rest : { ...rest, columns: need }] }
    })
  })
  return [access, ...parts].some((part) => decide({ accesses: [part] }, grants).allowed)
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

function smallest(
  scopes: readonly string[],
  covers: (scopes: readonly string[]) => boolean,
): readonly string[] | undefined {
  for (let size = 0; size <= scopes.length; size++) {
    for (const set of subsets(scopes, size)) if (covers(set)) return set
  }
  return undefined
}

function* subsets(scopes: readonly string[], size: number): Generator<readonly string[]> {
  if (size === 0) {
    yield []
    return
  }
  for (const [index, scope] of scopes.entries()) {
    for (const rest of subsets(scopes.slice(index + 1), size - 1)) yield [scope, ...rest]
  }
}
