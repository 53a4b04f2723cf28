import { quoteName } from '../base/sql-name.ts'
import { needEverything } from './action-calls.ts'
import type { SettingChange } from './analysis.ts'
import { isFreeSetting, isHarmlessToShow } from './curation.ts'
import type { Tree } from './parser.ts'
import { constantOf, literalOf, type Node, nodesOf, textOf } from './tree.ts'
import type { Walk } from './walk.ts'

/** What `on` may be written as; PostgreSQL takes any unambiguous beginning. */
const ON = new Set(['on', 'true', 'tru', 'tr', 't', 'yes', 'ye', 'y', '1'])

/** SET, SET LOCAL, SET TRANSACTION, RESET, in all their spellings. */
export function analyseSet(walk: Walk, body: Tree): void {
  walk.touch(body)
  walk.flags.exact = true
  const name = (textOf(body.name) ?? '').toLowerCase()
  const args = nodesOf(body.args)
  const local = body.is_local === true
  switch (body.kind) {
    case 'VAR_RESET_ALL':
      walk.collector.effects.reset = { name: undefined }
      return
    case 'VAR_RESET':
    case 'VAR_SET_DEFAULT':
      walk.collector.effects.reset = { name }
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

/** set_config(name, value, is_local): SET, where the name is a literal; otherwise it may be any setting. */
export function setByCall(walk: Walk, args: readonly Node[]): void {
  const name = foldText(args[0])?.toLowerCase()
  const local = constantOf(args[2]) === 'true'
  if (name === undefined) {
    walk.collector.opaque = true
    walk.computesSetting()
    needEverything(walk, 'set', 'parameter')
    return
  }
  const value = literalOf(args[1])
  changeSetting(walk, { name, local, ...(value === undefined ? {} : { value }) })
}

/** set_config of a setting whose name the query says, perhaps never run: it may be set or not. */
export function setNamedSetting(walk: Walk, written: string, value: string | undefined): void {
  const name = written.toLowerCase()
  walk.flags.exact = true
  const { collector } = walk
  collector.opaque = true
  collector.readOnly = false
  collector.plain = false
  walk.computesSetting()
  const refusal = refusedSetting(name, value)
  if (refusal) walk.refuse(refusal, name)
  else needSetting(walk, name)
}

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
  if (!isFreeSetting(name)) needParameter(walk, name)
}

function needParameter(walk: Walk, name: string): void {
  const object = name.split('.').map(quoteName).join('.')
  walk.need({ action: 'set', kind: 'parameter', object, targets: [{ schema: undefined, name }] })
}

function needAll(walk: Walk, name: string): void {
  walk.need({ action: 'all', kind: 'parameter', object: name, targets: [{ schema: undefined, name }] })
}

/** The text an expression of literals and `||` gives; undefined for anything else. */
function foldText(node: Node | undefined): string | undefined {
  if (node?.type !== 'A_Expr') return literalOf(node)
  if (node.body.kind !== 'AEXPR_OP' || textOf(nodesOf(node.body.name)[0]?.body.sval) !== '||') return undefined
  const left = foldText(nodesOf(node.body.lexpr)[0])
  const right = foldText(nodesOf(node.body.rexpr)[0])
  return left === undefined || right === undefined ? undefined : left + right
}
