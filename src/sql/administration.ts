import { needEverything } from './action-calls.ts'
import { refusedSetting } from './settings.ts'
import { constantOf, type Node, nodesOf, textOf, treeOf } from './tree.ts'
import type { Walk } from './walk.ts'

/** What `grant` on `"*"` stands for: rights, roles, owners, policies. Nothing inside makes a difference. */
export function needGrant(walk: Walk, _node?: Node): void {
  change(walk)
  needEverything(walk, 'grant', 'any')
}

/** What `code` on `"*"` stands for: whoever writes code that others run can do whatever they can. */
export function needCode(walk: Walk, _node?: Node): void {
  change(walk)
  needEverything(walk, 'code', 'any')
}

/** CREATE/ALTER FUNCTION: its SET clause must not give a setting a value that nothing allows. */
export function analyseFunctionDefinition(walk: Walk, { body }: Node): void {
  needCode(walk)
  for (const option of [...nodesOf(body.options), ...nodesOf(body.actions)]) {
    if (option.body.defname !== 'set') continue
    for (const { body: set } of nodesOf(option.body.arg)) refuseSetting(walk, set)
  }
}

/** CREATE CAST, AGGREGATE, OPERATOR …: code, and set_config by another name for nobody. */
export function analyseFunctionUse(walk: Walk, { body }: Node): void {
  needCode(walk)
  if (JSON.stringify(body).includes('"sval":"set_config"')) walk.refuse(PROXY_CODE, 'set_config')
}

const PROXY_CODE = 'set_config cannot be given another name'

/** ALTER ROLE … SET and ALTER DATABASE … SET. */
export function analyseStoredSetting(walk: Walk, { body }: Node): void {
  needGrant(walk)
  const set = treeOf(body.setstmt)
  if (set) refuseSetting(walk, set)
}

/** ALTER SYSTEM: only `all` has it, and it too keeps to the values that are allowed. */
export function analyseAlterSystem(walk: Walk, { body }: Node): void {
  change(walk)
  needEverything(walk, 'all', 'any')
  const set = treeOf(body.setstmt)
  if (set) refuseSetting(walk, set)
}

/** DO runs code; CALL is a call. */
export function analyseDo(walk: Walk, _node: Node): void {
  needCode(walk)
}

function refuseSetting(walk: Walk, set: Readonly<Record<string, unknown>>): void {
  walk.flags.exact = true
  if (set.kind === 'VAR_RESET' || set.kind === 'VAR_RESET_ALL' || set.kind === 'VAR_SET_DEFAULT') return
  const name = (textOf(set.name) ?? '').toLowerCase()
  const values = nodesOf(set.args).map(constantOf)
  const value = set.kind === 'VAR_SET_VALUE' && !values.includes(undefined) ? values.join(', ') : undefined
  const reason = refusedSetting(name, value)
  if (reason) walk.refuse(reason, name)
}

function change(walk: Walk): void {
  walk.touchEverything()
  walk.collector.readOnly = false
  walk.collector.opaque = true
  walk.collector.ddl = true
}
