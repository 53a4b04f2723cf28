import { stringify } from 'yaml'
import { fail } from '../base/errors.ts'
import type { ProxyConfig } from '../config/proxy-config.ts'
import type { CliContext } from './context.ts'
import { writeLine } from './line-output.ts'
import { readProxyFiles } from './proxy-files.ts'

export interface ProxyProfileRequest {
  readonly file: string
  readonly name?: string
  readonly host?: string
  readonly port?: string
  readonly database?: string
  readonly clientId: string
}

/** `pgoauth proxy profile`: a file that `pgoauth profile add --from` takes, on stdout. @throws USAGE, CONFIG_INVALID */
export function printProfile(context: CliContext, request: ProxyProfileRequest): void {
  const { config } = readProxyFiles(request.file)
  const database = databaseOf(config, request.database)
  const issuer = config.issuers.find((one) => config.databases.get(database)?.issuers.includes(one.issuer))
  const [listener] = config.listen
  if (issuer === undefined || listener === undefined) fail('USAGE', { detail: 'the configuration names no issuer' })
  const host = request.host ?? reachableHost(listener.address.host)
  const scopes = [...new Set(['openid', 'offline_access', ...issuer.offerScopes])]
  const profile = {
    host,
    port: reachablePort(request.port ?? String(listener.address.port)),
    database,
    tls: { mode: config.tls ? 'verify-full' : 'disable' },
    issuer: issuer.issuer,
    client_id: request.clientId,
    scopes,
    ...resourceOf(issuer.audience[0] ?? ''),
    ...(listener.auth === 'password' && { auth: 'password' }),
  }
  const name = request.name ?? database
  writeLine(context.stdout, stringify({ profiles: { [name]: profile } }).trimEnd())
  writeLine(
    context.stderr,
    `Others import it with: pgoauth profile add --from FILE   (client "${request.clientId}" must be known to the issuer)`,
  )
}

function databaseOf(config: ProxyConfig, wanted: string | undefined): string {
  const names = [...config.databases.keys()]
  if (wanted === undefined && names.length > 1) fail('USAGE', { detail: `say --database: ${names.join(', ')}` })
  const name = wanted ?? names[0] ?? ''
  if (!names.includes(name)) fail('USAGE', { detail: `there is no database "${name}" here: ${names.join(', ')}` })
  return name
}

function reachableHost(listening: string): string {
  if (!['0.0.0.0', '::', '*'].includes(listening)) return listening
  return fail('USAGE', {
    detail: `the proxy listens on every address (${listening})`,
    fix: 'say --host NAME: the name in its certificate, under which clients reach it',
  })
}

function reachablePort(text: string): number {
  const port = Number(text)
  if (Number.isInteger(port) && port >= 1 && port <= 65_535) return port
  return fail('USAGE', { detail: `${text} is no port that clients could reach`, fix: 'say --port PORT' })
}

/** RFC 8707 wants an absolute URI; another audience goes by the parameter that issuers have for it. */
function resourceOf(audience: string): { resource: string } | { audience: string } {
  return /^[a-z][a-z0-9+.-]*:/i.test(audience) ? { resource: audience } : { audience }
}
