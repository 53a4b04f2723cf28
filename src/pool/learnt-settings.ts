import { fail } from '../base/errors.ts'
import type { PooledServer } from './pooled-server.ts'
import { type Settings, type SharedSettings, settingsReadSql, settingsWith } from './settings.ts'

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
  server.settings = shared.of(settingsWith(server.settings, names, values))
  // The proxy's own are as the proxy says, whatever a statement made of them.
  const isOurs = (name: string) => name.startsWith('pgoauth.')
  return shared.of(settingsWith(wanted, names, values, isOurs))
}
