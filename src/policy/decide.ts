import type { Access, Needs, Target } from '../base/access.ts'
import { quoteName } from '../base/sql-name.ts'
import type { AccessVerdict, Decision } from './decision.ts'
import { type Grants, grantsFor } from './grants.ts'
import type { Policy } from './policy.ts'

/**
 * Decides what a statement needs against what a session has. Pure: the same needs and grants, the same decision.
 *
 * `observing` waives missing grants and `never`, and nothing else: a refusal stays one.
 */
export function decide(needs: Needs, grants: Grants, observing = false): Decision {
  return decisionOf(
    needs,
    needs.accesses.map((access) => judge(access, grants)),
    observing,
  )
}

/** As `decide`, with a verdict for each access, in order. */
export function decisionOf(needs: Needs, verdicts: readonly AccessVerdict[], observing: boolean): Decision {
  const byColumns = verdicts.some((verdict) => verdict.byColumns)
  if (needs.refusal) {
    const { reason, object } = needs.refusal
    const denied = { action: undefined, kind: undefined, object }
    return { allowed: false, observed: false, verdicts, byColumns, reason, denied }
  }
  const forbidden = verdicts.find((verdict) => !verdict.allowed && verdict.unwaivable)
  const first = forbidden ?? verdicts.find((verdict) => !verdict.allowed)
  if (!first) return { allowed: true, observed: false, verdicts, byColumns }
  const observed = observing && !forbidden
  const { action, kind, object, asked } = first.access
  const reason = reasonOf(first)
  const denied = { action, kind, object, ...(asked && { asked }) }
  return { allowed: observed, observed, verdicts, byColumns, reason, denied }
}

/** The scopes of the policy each of which would give this access beside those at hand, in the file's order. */
export function scopesThatAllow(policy: Policy, access: Access, have: readonly string[] = []): readonly string[] {
  return [...policy.scopes.keys()].filter((scope) => judge(access, grantsFor(policy, [...have, scope])).allowed)
}

/** One of the verdicts that `decisionOf` puts together, for whoever cannot give all of them in one go. */
export function judge(access: Access, grants: Grants): AccessVerdict {
  const { given, never } = grants
  if (access.onlyAsRole && !grants.asRole) {
    return { access, allowed: false, by: [], unwaivable: true, why: 'nothing allows it on a shared login' }
  }
  if (access.unlessPinned) {
    if (grants.policy.searchPath !== undefined) {
      return { access, allowed: false, by: [], why: 'the policy pins it', unwaivable: true }
    }
    return judgeNever(access, grants)
  }
  if (access.ofSession && grants.isShared) {
    return { access, allowed: false, by: [], unwaivable: true, why: 'connections are shared in transaction mode' }
  }
  if (access.free || access.onlyNever) return judgeNever(access, grants)
  if (access.targets.length === 0) return judgeUnknown(access, grants)
  const by = new Set<string>()
  let byColumns = false
  for (const target of access.targets) {
    const colliding = access.targets.length > 1 ? { colliding: nameOf(target) } : {}
    if (never.touches(access.action, target) || (access.moves && never.touchesAnyhow(target))) {
      return { access, allowed: false, by: ['never'], ...colliding }
    }
    const rules = given.allowedBy(access, target)
    const giver = rules ?? metadataGiver(access, grants)
    if (!giver) return { access, allowed: false, by: [], ...colliding }
    for (const one of giver) by.add(one)
    byColumns ||=
      (rules !== undefined && isByColumns(access, target, grants)) || never.knowsColumns(access.action, target)
  }
  return { access, allowed: true, by: [...by], ...(byColumns ? { byColumns } : {}) }
}

/** What needs no right: a setting or function that is free, an object that falls with another. */
function judgeNever(access: Access, { never }: Grants): AccessVerdict {
  const isNever = access.targets.some((target) =>
    access.onlyNever ? never.touchesAnyhow(target) : never.touches(access.action, target),
  )
  return { access, allowed: !isNever, by: isNever ? ['never'] : ['free'] }
}

/** Whether only rules for single columns give it: then it rests on the catalog's knowing every column there is. */
function isByColumns(access: Access, target: Target, { given }: Grants): boolean {
  return target.columns !== undefined && !given.allowedBy(access, { ...target, columns: 'all' })
}

/** Nothing of that name is known: whoever has the action on everything may hear so from the server. */
function judgeUnknown(access: Access, { given, never }: Grants): AccessVerdict {
  const by = given.allowedUnknown(access.action)
  const isNever = never.touchesName(access.action, access.object)
  return { access, allowed: by !== undefined && !isNever, by: isNever ? ['never'] : (by ?? []), why: 'unknown name' }
}

function metadataGiver(access: Access, grants: Grants): readonly string[] | undefined {
  return access.metadata && grants.policy.metadata === 'visible' ? ['metadata'] : undefined
}

function reasonOf({ access, by, colliding, why }: AccessVerdict): string {
  const what = `${access.action} on ${access.object}${columnsText(access)}`
  const rule = by.includes('never') ? 'is under never' : 'is given by no scope'
  return `${what} ${rule}${colliding ? ` (${colliding} has that name)` : ''}${why ? ` (${why})` : ''}`
}

function columnsText({ columns }: Access): string {
  return columns === undefined || columns === 'all' || columns.length === 0 ? '' : ` (${columns.join(', ')})`
}

function nameOf({ schema, name }: Target): string {
  return schema === undefined ? quoteName(name) : `${quoteName(schema)}.${quoteName(name)}`
}
