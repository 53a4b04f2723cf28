import type { Mistake, Path, YamlDocument } from '../base/yaml-document.ts'
import type { ProxyDocument } from './proxy-schema.ts'

type Report = (path: Path, message: string) => void

/**
 * What is wrong between keys that are each well-formed: conflicts, references to nothing, what is not built yet.
 *
 * @param takenOut where the document is not whole: what is said of such a place, or of what it stands in, would say too much.
 */
export function proxyMistakes(document: YamlDocument<ProxyDocument>, takenOut: readonly Path[] = []): Mistake[] {
  const mistakes: Mistake[] = []
  const report: Report = (path, message) => {
    if (takenOut.some((wrong) => path.every((step, at) => wrong[at] === undefined || wrong[at] === step))) return
    mistakes.push({ ...document.locate(path), message: `${path.map(String).join('.')}: ${message}` })
  }
  const config = document.value
  checkListeners(config, report)
  checkIssuers(config, report)
  checkDatabases(config, report)
  checkBuilt(config, report)
  return mistakes.sort((a, b) => a.line - b.line || a.column - b.column)
}

function checkListeners(config: ProxyDocument, report: Report): void {
  for (const [at, { auth, address }] of config.listen.entries()) {
    if (config.tls === undefined && !isLoopback(address.host)) {
      report(['listen', at, 'address'], 'beyond loopback a token needs TLS; give tls: { cert, key }')
    }
    if (auth === 'password' && config.tls === undefined) {
      report(['listen', at, 'auth'], 'a token as password is taken over TLS only; give tls: { cert, key }')
    }
  }
  checkAddresses(config, report)
  if (config.tls?.client_cert_required && config.tls.client_ca === undefined) {
    report(['tls', 'client_cert_required'], 'needs client_ca to check the certificates against')
  }
  const { admin } = config
  if (admin && admin.tls === undefined && !isLoopback(admin.address.host)) {
    report(['admin', 'address'], 'needs tls beyond loopback: the token would cross the network in clear text')
  }
  if (admin && admin.token_file === undefined && admin.tls?.client_ca === undefined) {
    report(['admin'], 'give token_file, or tls with client_ca: nobody is let in without either, on loopback neither')
  }
}

/** The system would say it only once the proxy starts. */
function checkAddresses(config: ProxyDocument, report: Report): void {
  const sides = (['probes', 'admin', 'logout'] as const).map((name) => ({ path: [name], entry: config[name] }))
  const listen = config.listen.map((entry, at) => ({ path: ['listen', at], entry }))
  const seen = new Map<string, string>()
  for (const { path, entry } of [...listen, ...sides]) {
    if (entry === undefined || entry.address.port === 0) continue
    const text = `${entry.address.host}:${entry.address.port}`
    const other = seen.get(text)
    if (other !== undefined) report([...path, 'address'], `${text} is that of ${other} already`)
    seen.set(text, path.join('.'))
  }
}

function checkIssuers(config: ProxyDocument, report: Report): void {
  const seen = new Set<string>()
  for (const [at, issuer] of config.issuers.entries()) {
    const path = ['issuers', at]
    if (seen.has(issuer.issuer)) report([...path, 'issuer'], `issuer ${issuer.issuer} comes twice`)
    seen.add(issuer.issuer)
    if (config.issuers.length > 1 && issuer.scopes_allowed === undefined) {
      report(path, 'with several issuers each says scopes_allowed: what its tokens may confer (["*"] is everything)')
    }
    if (issuer.tokens === 'introspection' && issuer.introspection === undefined) {
      report([...path, 'tokens'], 'needs introspection: { client_id, client_secret_file }')
    }
    if (issuer.tokens === 'jwt' && issuer.introspection !== undefined) {
      report([...path, 'introspection'], 'is used with tokens: introspection only')
    }
    if (issuer.tokens === 'introspection' && issuer.jwks_file !== undefined) {
      report([...path, 'jwks_file'], 'is used with tokens: jwt only')
    }
    const { introspection } = issuer
    if (introspection) {
      const ways = [introspection.client_secret_file, introspection.client_secret_env, introspection.private_key_file]
      if (ways.filter((way) => way !== undefined).length !== 1) {
        report([...path, 'introspection'], 'give one of client_secret_file, client_secret_env and private_key_file')
      }
    }
  }
}

function checkDatabases(config: ProxyDocument, report: Report): void {
  const known = new Set(config.issuers.map((one) => one.issuer))
  for (const [name, database] of Object.entries(config.databases)) {
    const path = ['databases', name]
    if (database.policy === undefined && config.policy === undefined) {
      report(path, 'has no policy, and there is no policy at the top of the file')
    }
    const { host, port } = database.server
    if (port.length !== 1 && port.length !== host.length) {
      report([...path, 'server', 'port'], `${port.length} ports for ${host.length} hosts`)
    }
    const { tls, channel_binding } = database.server
    if ((tls.cert === undefined) !== (tls.key === undefined)) {
      report([...path, 'server', 'tls'], 'cert and key belong together')
    }
    if (tls.mode === 'disable' && channel_binding === 'require') {
      report([...path, 'server', 'channel_binding'], 'there is no channel to bind to with tls.mode: disable')
    }
    if (tls.mode === 'verify-ca' && tls.ca === undefined) {
      report([...path, 'server', 'tls', 'mode'], 'verify-ca needs ca: the authority to check against')
    }
    if (database.login === undefined && database.logins === undefined) report(path, 'needs login or logins')
    if (database.login) checkLogin([...path, 'login'], database.login, report)
    for (const [role, login] of Object.entries(database.logins ?? {})) {
      checkLogin([...path, 'logins', role], login, report)
    }
    for (const [at, issuer] of (database.issuers ?? []).entries()) {
      if (!known.has(issuer)) report([...path, 'issuers', at], `${issuer} is not among the issuers above`)
    }
    const { pool } = database
    if (pool.min_idle > pool.size) report([...path, 'pool', 'min_idle'], `is more than size (${pool.size})`)
  }
}

type LoginDocument = NonNullable<ProxyDocument['databases'][string]['login']>

function checkLogin(path: Path, login: LoginDocument, report: Report): void {
  if (login.as_role && login.user !== undefined) report([...path, 'user'], 'with as_role the role itself logs in')
  if (!login.as_role && login.user === undefined) report(path, 'needs user, or as_role: true')
  const passwords = [login.password_file, login.password_env, login.exec].filter((way) => way !== undefined)
  if (passwords.length > 1) report(path, 'give one of password_file, password_env and exec')
  if ((login.cert === undefined) !== (login.key === undefined)) report(path, 'cert and key belong together')
}

/** Accepted by the schema, since the file's keys are fixed, and refused here rather than passed over in silence. */
function checkBuilt(config: ProxyDocument, report: Report): void {
  if (config.row_key_file !== undefined) report(['row_key_file'], 'row rules are not built yet; remove it')
  for (const [name, { pool }] of Object.entries(config.databases)) {
    if ((pool.batch === true || pool.batch === 'on') && pool.mode !== 'transaction') {
      report(['databases', name, 'pool', 'batch'], 'batching needs mode: transaction')
    }
  }
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host)
}
