import { fail } from '../base/errors.ts'

/** What a client asks for in its StartupMessage, taken apart. */
export interface StartupRequest {
  /** Empty where the client named none. */
  readonly user: string
  readonly database: string
  /** Its own settings by lower-case name, those of `options` among them, the later of two counting. */
  readonly settings: ReadonlyMap<string, string>
  /** DESIGN section 9: the client may send new tokens in mid-session. */
  readonly wantsRenewal: boolean
  /** `_pq_.` options that this proxy does not know: NegotiateProtocolVersion names them. */
  readonly unknownOptions: readonly string[]
}

/** Our own protocol option, asked for with the value 1. */
export const RENEWAL_OPTION = '_pq_.pgoauth'

const PROTOCOL_OPTION = '_pq_.'

/**
 * Reads the parameters of a StartupMessage as PostgreSQL does: a missing database is the user's name, and `options` is a
 * command line.
 *
 * @throws REPLICATION_REFUSED, SETTING_REFUSED, SETTING_INVALID.
 */
export function readStartupParameters(parameters: ReadonlyMap<string, string>): StartupRequest {
  const user = parameters.get('user') ?? ''
  const settings = new Map<string, string>()
  const own = new Map<string, string>()
  const unknownOptions: string[] = []
  let wantsRenewal = false
  for (const [name, value] of parameters) {
    if (name === RENEWAL_OPTION && value === '1') wantsRenewal = true
    else if (name.startsWith(PROTOCOL_OPTION)) unknownOptions.push(name)
    else if (name === 'options') for (const [key, text] of readOptions(value)) addSetting(settings, key, text)
    else if (name === 'replication') refuseReplication(value)
    else if (name !== 'user' && name !== 'database') addSetting(own, name, value)
  }
  // PostgreSQL sets those of `options` first.
  for (const [name, value] of own) settings.set(name, value)
  return {
    user,
    database: parameters.get('database') || user,
    settings,
    wantsRenewal,
    unknownOptions,
  }
}

/** A placeholder's name has dots; anything else could not be set by SQL either (`valid_custom_variable_name`). */
const SETTING_NAME = /^[a-z_][a-z0-9_$]*(\.[a-z_][a-z0-9_$]*)*$/

function addSetting(settings: Map<string, string>, name: string, value: string): void {
  const key = name.toLowerCase()
  if (!SETTING_NAME.test(key))
    fail('SETTING_REFUSED', { detail: `startup setting ${JSON.stringify(name)} has no valid name` })
  if (NEVER.has(key) || key.startsWith('pgoauth.')) fail('SETTING_REFUSED', { detail: `startup setting ${key}` })
  const allowed = ONE_VALUE.get(key)
  if (allowed && !allowed(value))
    fail('SETTING_REFUSED', { detail: `startup setting ${key} = ${JSON.stringify(value)}` })
  settings.set(key, value)
}

/** What would change who the session is, or how the server reads a statement that the parser has read otherwise. */
const NEVER = new Set(['role', 'session_authorization', 'backslash_quote', 'is_superuser'])

const ONE_VALUE = new Map<string, (value: string) => boolean>([
  ['client_encoding', isUtf8],
  ['standard_conforming_strings', (value) => /^(on|true|yes|1)$/i.test(value)],
  ['search_path', isIdentifierList],
])

/** PostgreSQL compares encoding names by their letters and digits alone. */
function isUtf8(value: string): boolean {
  return ['utf8', 'unicode'].includes(value.toLowerCase().replace(/[^a-z0-9]/g, ''))
}

/** As SplitIdentifierString takes it: names with commas between, quoted or of plain characters; or nothing. */
export function isIdentifierList(value: string): boolean {
  return /^\s*(?:(?:"(?:[^"]|"")+"|[^\s,"]+)\s*(?:,\s*(?:"(?:[^"]|"")+"|[^\s,"]+)\s*)*)?$/.test(value)
}

/** A boolean, or `database` for logical replication; anything else is no value of it (ProcessStartupPacket). */
function refuseReplication(value: string): void {
  const wanted = value === 'database' ? true : readBoolean(value)
  if (wanted === false) return
  fail(wanted ? 'REPLICATION_REFUSED' : 'SETTING_INVALID', { detail: `replication=${JSON.stringify(value)}` })
}

/** As PostgreSQL's parse_bool: words may be cut short while it is clear which is meant; undefined where it is none. */
function readBoolean(value: string): boolean | undefined {
  const begins = (...words: string[]) => value !== '' && words.some((word) => word.startsWith(value.toLowerCase()))
  if (begins('true', 'yes') || /^(on|1)$/i.test(value)) return true
  if (begins('false', 'no') || /^(off?|0)$/i.test(value)) return false
  return undefined
}

/**
 * The settings that an `options` text names: `-c name=value`, `-cname=value` and `--name=value`. Any other switch of the
 * server's command line is refused.
 */
function* readOptions(text: string): Generator<[string, string]> {
  const words = splitOptions(text)
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? ''
    let setting: string | undefined
    if (word === '-c') setting = words[++at]
    else if (word.startsWith('-c')) setting = word.slice(2)
    else if (word.startsWith('--')) setting = word.slice(2)
    const equals = setting?.indexOf('=') ?? -1
    if (setting === undefined || equals < 1)
      fail('SETTING_REFUSED', { detail: `startup option ${JSON.stringify(word)}` })
    // A dash stands for an underscore (ParseLongOption).
    yield [setting.slice(0, equals).replaceAll('-', '_'), setting.slice(equals + 1)]
  }
}

/** Words end at C's white space that no backslash goes before; a backslash keeps the next character (pg_split_opts). */
function splitOptions(text: string): string[] {
  const words: string[] = []
  for (const [word] of text.matchAll(/(?:\\[\s\S]|[^ \t\n\v\f\r\\])+\\?|\\/g))
    words.push(word.replace(/\\([\s\S]?)/g, '$1'))
  return words
}
