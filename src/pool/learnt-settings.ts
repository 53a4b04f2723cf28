import { fail } from '../base/errors.ts'
import type { PooledServer } from './pooled-server.ts'
import { type Settings, type SharedSettings, settingsReadSql } from './settings.ts'

/**
 * Asks a server connection what these settings are, notes them with it, and gives what its client wants set from now on,
 * which was `wanted` before.
 *
 * @throws SERVER_LOST, SERVER_BAD
 */
export async function learnSettings(options: {
  readonly server: PooledServer
  readonly names: readonly string[]
  readonly wanted: Settings
  readonly shared: SharedSettings
}): Promise<Settings> {
  const { server, names, wanted, shared } = options
  const [reply] = await server.exchange([settingsReadSql(names)])
  if (reply?.error !== undefined || reply?.status !== 'I') fail('SERVER_BAD', { detail: 'settings cannot be read' })
  const values = reply.rows[0] ?? []
  const has = new Map(server.settings)
  const wants = new Map(wanted)
  for (const [at, name] of names.entries()) {
    const value = values[at] ?? undefined
    if (value === undefined) has.delete(name)
    else has.set(name, value)
    // The proxy's own settings are as the proxy says, whatever a statement made of them.
    if (name.startsWith('pgoauth.')) continue
    if (value === undefined) wants.delete(name)
    else wants.set(name, value)
  }
  server.settings = shared.of(has)
  return shared.of(wants)
}
