import type { Access, ObjectKind } from '../base/access.ts'
import { quoteName, splitDottedName } from '../base/sql-name.ts'
import type { ActionFunction } from './data/action-functions.ts'
import { analyseInnerQuery } from './inner-sql.ts'
import { resolveNameParts } from './relation-name.ts'
import { readSettingCall, setByCall } from './settings.ts'
import { literalOf, type Node } from './tree.ts'
import type { Walk } from './walk.ts'

/** What a call of a function that stands for an action needs: by its argument where it is a literal, else by `"*"`. */
export function needActionFunction(walk: Walk, name: string, stands: ActionFunction, args: readonly Node[]): void {
  const { collector } = walk
  const [first, second] = args
  if (stands.object === 'rewrite' && args.length === 3) return
  if (stands.action !== 'set' || name === 'set_config') collector.readOnly = false
  // current_setting reads what is a client's own, pgoauth.subject among it.
  collector.plain = false
  if (stands.action === 'lock' && !name.includes('xact')) collector.effects.keepsState = true
  if (stands.object !== 'everything') walk.flags.exact = true
  switch (stands.object) {
    case 'parameter':
      if (name === 'set_config') setByCall(walk, args)
      else readSettingCall(walk, first)
      return
    case 'sequence':
      needRelationText(walk, stands, first, 'sequence')
      return
    case 'relation':
      needRelationText(walk, stands, first, 'relation')
      return
    case 'channel': {
      const channel = literalOf(first)
      if (channel === undefined) {
        needEverything(walk, stands.action, 'channel')
        return
      }
      const targets = [{ schema: undefined, name: channel }]
      walk.need({ action: stands.action, kind: 'channel', object: quoteName(channel), targets })
      return
    }
    case 'schema': {
      const parts = splitDottedName(literalOf(first) ?? '', 1)
      const schema = parts?.[0]
      if (schema === undefined) {
        needEverything(walk, stands.action, 'relation')
        return
      }
      const targets = [{ schema, name: '*', columns: 'all' as const }]
      walk.need({ action: stands.action, kind: 'relation', object: `${quoteName(schema)}.*`, targets })
      return
    }
    case 'sql':
    case 'rewrite': {
      collector.opaque = true
      const sql = literalOf(stands.object === 'sql' ? first : second)
      if (sql === undefined) {
        needEverything(walk, 'all', 'any')
        needNothingForbidden(walk)
      } else analyseInnerQuery(walk, sql)
      return
    }
    case 'everything': {
      if (stands.action !== 'lock' && stands.action !== 'select') collector.opaque = true
      needEverything(walk, stands.action, stands.action === 'select' ? 'relation' : 'any')
    }
  }
}

export function needEverything(walk: Walk, action: Access['action'], kind: ObjectKind): void {
  walk.need({ action, kind, object: '*', targets: [{ schema: undefined, name: '*' }] })
}

/** SQL that is not known may read whatever is under `never`. */
function needNothingForbidden(walk: Walk): void {
  const targets = [{ schema: undefined, name: '*' }]
  walk.need({ action: 'select', kind: 'relation', object: '*', targets, onlyNever: true })
}

/** A name as `regclass` reads it: digits are an OID, which names nothing here. */
function needRelationText(walk: Walk, stands: ActionFunction, arg: Node | undefined, kind: ObjectKind): void {
  const parts = splitDottedName(literalOf(arg) ?? '')
  if (!parts) {
    needEverything(walk, stands.action, kind)
    return
  }
  const relation = resolveNameParts(walk, parts)
  if (kind === 'relation') {
    walk.collector.needRelation(stands.action, relation, 'all')
    return
  }
  const sequences = relation.candidates.filter((one) => one.relation?.kind === 'S')
  const candidates = sequences.length > 0 ? sequences : relation.candidates
  walk.collector.needRelation(stands.action, { ...relation, candidates }, undefined, { kind: 'sequence' })
}
