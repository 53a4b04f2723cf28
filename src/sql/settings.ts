import { quoteName } from '../base/sql-name.ts'
import { needEverything } from './action-calls.ts'
import type { SettingChange } from './analysis.ts'
import { isFreeSetting, isHarmlessToShow } from './curation.ts'
import { heldText } from './held-texts.ts'
import type { Tree } from './parser.ts'
import { constantOf, literalOf, type Node, nodesOf, stringsOf, textOf } from './tree.ts'
import type { Walk } from './walk.ts'

/** What `on` may be written as; PostgreSQL takes any unambiguous beginning. */
const ON = new Set(['on', 'true', 'tru', 'tr', 't', 'yes', 'ye', 'y', '1'])

/** Names of old that PostgreSQL still takes (map_old_guc_names in guc.c). */
const OLD_NAMES: Readonly<Record<string, string>> = {
  sort_mem: 'work_mem',
  vacuum_mem: 'maintenance_work_mem',
  ssl_ecdh_curve: 'ssl_groups',
}

/** A parameter's name as it is compared. */
function parameterName(text: string): string {
  const name = text.toLowerCase()
  return OLD_NAMES[name] ?? name
}

/** SET, SET LOCAL, SET TRANSACTION, RESET, in all their spellings. */
export function analyseSet(walk: Walk, body: Tree): void {
  walk.touch(body)
  walk.flags.exact = true
  const name = parameterName(textOf(body.name) ?? '')
  const args = nodesOf(body.args)
  const local = body.is_local === true
  switch (body.kind) {
    case 'VAR_RESET_ALL':
      walk.collector.effects.reset = { name: undefined }
      return
    case 'VAR_RESET':
    case 'VAR_SET_DEFAULT':
      walk.collector.effects.reset = { name, ...(local && { local: true as const }) }
      if (isProxySetting(name)) walk.refuse(PROXY_SETTING, name)
      else if (!RESET_FREELY.has(name)) needSetting(walk, name)
      return
    case 'VAR_SET_MULTI':
      setTransaction(walk, name, args)
      return
    case 'VAR_SET_VALUE': {
      // SET TIME ZONE INTERVAL '…' HOUR TO MINUTE: the one value that is no plain constant.
      for (const { type, body: value } of args) if (type === 'TypeCast') walk.touch(value)
      const values = args.map(constantOf)
      const value = values.includes(undefined) ? undefined : values.join(', ')
      changeSetting(walk, { name, local, ...(value === undefined ? {} : { value }) })
      return
    }
  }
  walk.refuse('this form of SET is not understood', name)
}

/** SET TRANSACTION and SET SESSION CHARACTERISTICS touch this session's transactions, SNAPSHOT this one. */
function setTransaction(walk: Walk, name: string, args: readonly Node[]): void {
  const isKnown = name === 'transaction' || name === 'session characteristics' || name === 'transaction snapshot'
  if (!isKnown) {
    walk.refuse('this form of SET is not understood', name)
    return
  }
  if (name !== 'session characteristics') return
  const set = args.flatMap(({ body }): SettingChange[] => {
    const value = constantOf(nodesOf(body.arg)[0])
    return [{ name: `default_${textOf(body.defname) ?? ''}`, local: false, ...(value === undefined ? {} : { value }) }]
  })
  walk.collector.effects.set = set
}

/** Whether a FuncCall is one of set_config. */
export function isSettingCall({ funcname }: Tree): boolean {
  const [name, schema] = stringsOf(funcname).toReversed()
  return name === 'set_config' && (schema === undefined || schema === 'pg_catalog')
}

/**
 * set_config(name, value, is_local): SET. A name that is computed may be `role`, or another that nothing may set, so
 * nothing allows it.
 */
export function setByCall(walk: Walk, args: readonly Node[]): void {
  const text = foldText(args[0], walk)
  const name = text === undefined ? undefined : parameterName(text)
  const local = constantOf(args[2]) === 'true'
  if (name === undefined) {
    walk.collector.opaque = true
    needEverything(walk, 'set', 'parameter')
    walk.refuse(COMPUTED_SETTING, 'set_config')
    return
  }
  const value = literalOf(args[1])
  changeSetting(walk, { name, local, ...(value === undefined ? {} : { value }) })
}

/** What calls set_config inside a definition that is otherwise a right as a whole (a policy, a rule, a trigger). */
export function refuseHiddenSettings(walk: Walk): void {
  for (const { args } of walk.settingCalls) {
    walk.flags.exact = true
    const [name, value] = nodesOf(args)
    const literal = foldText(name, walk)?.toLowerCase()
    const reason = literal === undefined ? COMPUTED_SETTING : refusedSetting(literal, literalOf(value))
    if (reason) walk.refuse(reason, literal ?? 'set_config')
  }
}

/** UPDATE of pg_settings is set_config, through a view over it too. */
export function refuseSettingsView(walk: Walk, { schemaname, relname }: Tree): void {
  const name = textOf(relname) ?? ''
  const isOver = walk.catalog
    .relationsNamed(name)
    .some((one) => one.overSettings && (schemaname === undefined || one.schema === schemaname))
  if (name === 'pg_settings' || isOver) walk.refuse('pg_settings is changed by SET', name)
}

const COMPUTED_SETTING = 'the name of the setting is computed, and may be one that nothing may set'

/** current_setting(name): what pg_settings shows is free; a setting it does not show needs the right to set it. */
export function readSettingCall(walk: Walk, arg: Node | undefined): void {
  const name = literalOf(arg)?.toLowerCase()
  if (name === undefined) {
    needEverything(walk, 'set', 'parameter')
    return
  }
  readSetting(walk, name)
}

export function analyseShow(walk: Walk, body: Tree): void {
  walk.touch(body)
  readSetting(walk, (textOf(body.name) ?? '').toLowerCase())
}

function readSetting(walk: Walk, name: string): void {
  if (isHarmlessToShow(name)) return
  if (name.startsWith('pgoauth.')) {
    needAll(walk, name)
    return
  }
  needParameter(walk, name)
}

/** A setting given a value by SET, set_config, or a SET clause; refused where nothing allows that value. */
export function changeSetting(walk: Walk, change: SettingChange): void {
  const { collector } = walk
  collector.effects.set = [...(collector.effects.set ?? []), change]
  collector.plain = false
  const refusal = refusedSetting(change.name, change.value)
  if (change.name === 'role' && refusal) {
    const targets = [{ schema: undefined, name: 'role' }]
    walk.need({ action: 'set', kind: 'parameter', object: 'role', targets, onlyAsRole: true })
    return
  }
  if (refusal) {
    walk.refuse(refusal, change.name)
    return
  }
  needSetting(walk, change.name)
}

/** These fall back to what the session was given at its start: the role, the pinned path. */
const RESET_FREELY = new Set(['role', 'session_authorization', 'search_path'])

const PROXY_SETTING = 'these settings belong to the proxy'

function isProxySetting(name: string): boolean {
  return name === 'pgoauth' || name.startsWith('pgoauth.')
}

/** Why nothing allows this setting to have this value; undefined where rules decide. A value that is computed is unknown. */
export function refusedSetting(name: string, value: string | undefined): string | undefined {
  if (name === 'role' || name === 'session_authorization') return 'the session keeps the role it was given'
  if (isProxySetting(name)) return PROXY_SETTING
  if (name === 'backslash_quote') return 'the server must read a text as the parser does'
  if (name === 'standard_conforming_strings' && !ON.has(value?.toLowerCase() ?? '')) {
    return 'the server must read a text as the parser does'
  }
  if (name === 'client_encoding' && !isUtf8(value ?? '')) return 'the server must read a text as the parser does'
  return undefined
}

/** Encoding names are compared by letters and digits alone; `unicode` is PostgreSQL's other name for UTF8. */
function isUtf8(value: string): boolean {
  const name = value.toLowerCase().replace(/[^a-z0-9]/g, '')
  return name === 'utf8' || name === 'unicode'
}

function needSetting(walk: Walk, name: string): void {
  if (name === 'search_path') {
    const targets = [{ schema: undefined, name }]
    walk.need({ action: 'set', kind: 'parameter', object: name, targets, unlessPinned: true })
    return
  }
  needParameter(walk, name, isFreeSetting(name))
}

/** What is free for everyone is so unless it is under `never`. */
function needParameter(walk: Walk, name: string, isFree = false): void {
  const object = name.split('.').map(quoteName).join('.')
  const free = isFree ? { free: true as const } : {}
  walk.need({ action: 'set', kind: 'parameter', object, targets: [{ schema: undefined, name }], ...free })
}

function needAll(walk: Walk, name: string): void {
  walk.need({ action: 'all', kind: 'parameter', object: name, targets: [{ schema: undefined, name }] })
}

/** The text that literals, `||` and columns held to one literal give; undefined for anything else. */
function foldText(node: Node | undefined, walk: Walk): string | undefined {
  if (node?.type === 'ColumnRef') return heldText(walk.heldTexts, node)
  if (node?.type !== 'A_Expr') return literalOf(node)
  if (node.body.kind !== 'AEXPR_OP' || textOf(nodesOf(node.body.name)[0]?.body.sval) !== '||') return undefined
  const left = foldText(nodesOf(node.body.lexpr)[0], walk)
  const right = foldText(nodesOf(node.body.rexpr)[0], walk)
  return left === undefined || right === undefined ? undefined : left + right
}
