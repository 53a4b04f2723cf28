/** Settings by name, as `current_setting` gives them and `set_config` takes them. */
export type Settings = ReadonlyMap<string, string>

/**
 * The statement that brings a connection from the settings it has to those a client wants; undefined where it has them.
 *
 * `set_config` takes a list's whole text (`search_path`, `DateStyle`), which `SET name = 'text'` would read as one
 * element. Literals are safe as written because every connection has `standard_conforming_strings` on.
 */
export function settingsChangeSql(has: Settings, wants: Settings): string | undefined {
  if (has === wants) return undefined
  const sets = [...wants].filter(([name, value]) => has.get(name) !== value)
  const resets = [...has.keys()].filter((name) => !wants.has(name))
  const parts = resets.map((name) => `RESET ${quoteSettingName(name)}`)
  if (sets.length > 0) {
    const calls = sets.map(([name, value]) => `pg_catalog.set_config(${quote(name)}, ${quote(value)}, false)`)
    parts.push(`SELECT ${calls.join(', ')}`)
  }
  return parts.length === 0 ? undefined : parts.join('; ')
}

/**
 * Gives the same object for the same settings, so that they are mostly compared by a look: of clients of one person, and
 * of each with what its last connection was left with.
 */
export class SharedSettings {
  readonly #known = new Map<string, Settings>()

  of(settings: Settings): Settings {
    const key = JSON.stringify([...settings].sort(([a], [b]) => (a < b ? -1 : 1)))
    const known = this.#known.get(key)
    if (known !== undefined) return known
    // Sharing is all that is lost by forgetting.
    if (this.#known.size >= MAX_SHARED) this.#known.clear()
    this.#known.set(key, settings)
    return settings
  }
}

const MAX_SHARED = 1000

/** The statement that sets those settings again whose names were lost; undefined where none was. */
export function settingsRestoreSql(settings: Settings, isLost: (name: string) => boolean): string | undefined {
  return settingsChangeSql(new Map(), new Map([...settings].filter(([name]) => isLost(name))))
}

/** The statement that reads settings, a column each, null for one the server does not know. */
export function settingsReadSql(names: readonly string[]): string {
  return `SELECT ${names.map((name) => `pg_catalog.current_setting(${quote(name)}, true)`).join(', ')}`
}

/** Settings as they are once these were read; those that `keeps` names stay as they were. */
export function settingsWith(
  settings: Settings,
  names: readonly string[],
  values: readonly (string | null)[],
  keeps: (name: string) => boolean = () => false,
): Settings {
  const now = new Map(settings)
  for (const [at, name] of names.entries()) {
    const value = values[at] ?? undefined
    if (keeps(name)) continue
    if (value === undefined) now.delete(name)
    else now.set(name, value)
  }
  return now
}

/** Names of settings are case-insensitive: the form in which they are compared here. */
export function settingKey(name: string): string {
  return name.toLowerCase()
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

/** `a.b` is two identifiers to the grammar. */
function quoteSettingName(name: string): string {
  return name
    .split('.')
    .map((part) => `"${part.replaceAll('"', '""')}"`)
    .join('.')
}
