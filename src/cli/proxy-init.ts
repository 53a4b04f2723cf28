import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join, resolve } from 'node:path'
import { fail } from '../base/errors.ts'
import { Secret } from '../base/secret.ts'
import { makeScramVerifier } from '../sasl/scram.ts'
import type { CliContext } from './context.ts'
import { writeLine } from './line-output.ts'

export interface ProxyInitRequest {
  readonly dir: string
  readonly issuer: string
  readonly audience: string
  readonly database: string
  readonly host: string
  readonly port: string
  readonly force?: boolean
}

const CERTIFICATE_MS = 365 * 24 * 3_600_000

/**
 * `pgoauth proxy init`: what to start from, which runs as it is. A password and a certificate that are there already are
 * kept, whatever is forced.
 *
 * @throws USAGE where another file is there already, or the port is none.
 */
export async function initProxy(context: CliContext, request: ProxyInitRequest): Promise<void> {
  if (!/^\d{1,5}$/.test(request.port)) fail('USAGE', { detail: `--port ${request.port} is no port` })
  const directory = resolve(request.dir)
  const place = (name: string) => join(directory, name)
  const taken = ['proxy.yaml', 'policy.yaml', 'bootstrap.sql'].find((name) => existsSync(place(name)))
  if (taken !== undefined && !request.force) {
    fail('USAGE', { detail: `${place(taken)} is there already`, fix: 'choose another --dir, or say --force' })
  }
  mkdirSync(directory, { recursive: true })
  const write = (name: string, text: string, mode = 0o644) => {
    writeFileSync(place(name), text, { mode })
    writeLine(context.stderr, `wrote ${place(name)}`)
  }
  write('proxy.yaml', proxyYaml(request))
  write('policy.yaml', POLICY)
  if (!existsSync(place('password'))) write('password', `${randomBytes(24).toString('base64url')}\n`, 0o600)
  const password = readFileSync(place('password'), 'utf8').replace(/\r?\n$/, '')
  write('bootstrap.sql', bootstrapSql(request.database, await storedPassword(password)))
  if (!existsSync(place('server.crt')) && !existsSync(place('server.key'))) {
    const { createCertificateAuthority } = await import('../demo/certificates.ts')
    const hosts = [...new Set([hostname(), 'localhost', '127.0.0.1'])].filter((host) => /^[\w.-]+$/.test(host))
    const authority = createCertificateAuthority('pgoauth proxy init')
    const until = new Date(context.clock.nowMs() + CERTIFICATE_MS)
    const { cert, key } = authority.issue(hosts[0] ?? 'localhost', { hosts, until })
    write('server.crt', cert)
    write('server.key', key, 0o600)
    write('ca.pem', authority.cert)
  }
  writeLine(context.stderr, NEXT(place('proxy.yaml')))
}

const NEXT = (file: string) => `
Next:
  1. run bootstrap.sql as a superuser, in the database: psql -f bootstrap.sql (it holds what PostgreSQL stores of the
     password in the file "password", and not the password)
  2. change issuer, audience, roles and scopes to yours
  3. put your own certificate and key in place of server.crt and server.key: they are signed by ca.pem alone, for a year
  4. pgoauth proxy check --config ${file} --live
  5. pgoauth proxy --config ${file}`

/** As PostgreSQL keeps a password (`scram_build_secret` in scram-common.c). */
async function storedPassword(password: string): Promise<string> {
  const { iterations, salt, storedKey, serverKey } = await makeScramVerifier(new Secret(password))
  const [salt64, stored64, server64] = [salt, storedKey, serverKey].map((bytes) => bytes.toString('base64'))
  return `SCRAM-SHA-256$${iterations}:${salt64}$${stored64}:${server64}`
}

function proxyYaml({ issuer, audience, database, host, port }: ProxyInitRequest): string {
  return `# What each key means: docs/CONFIGURATION.md of pgoauth. Check changes with: pgoauth proxy check --config THIS --live
listen:
  - address: 0.0.0.0:6432
    auth: oauthbearer             # or password: the token arrives as a cleartext password, over TLS
tls: { cert: ./server.crt, key: ./server.key, required: true }
probes: { address: 127.0.0.1:9433 }
issuers:
  - issuer: ${quote(issuer)}
    audience: ${quote(audience)}
    tokens: jwt
    algorithms: [RS256, ES256, EdDSA]
    typ: at+jwt                   # any: for issuers whose access tokens say JWT or nothing (Keycloak, Entra ID)
    offer_scopes: [openid, orders:read]
databases:
  ${quote(database)}:
    server:
      host: ${quote(host)}
      port: ${Number(port)}
      database: ${quote(database)}
      tls: { mode: ${isLoopback(host) ? 'disable' : 'verify-full'} }
    login: { user: pgoauth_proxy, password_file: ./password }
policy: ./policy.yaml
audit: { path: ./audit.jsonl }
`
}

const POLICY = `# Who becomes which role, and what a scope allows. What nothing allows is denied.
version: 1
roles:
  - role: analyst
    when: { groups: [analysts] }  # the claim equals it, or is a list that contains it
scopes:
  orders:read:
    select: [public.*]
always:
  set: [statement_timeout]
help: "ask whoever runs this database"
`

function bootstrapSql(database: string, stored: string): string {
  const name = `"${database.replaceAll('"', '""')}"`
  return `-- The proxy's service login and a first role. Run as a superuser, in the database: psql -f bootstrap.sql
-- The login may become the roles it is a member of, and owns nothing. It must not be SUPERUSER, BYPASSRLS or CREATEROLE.
-- Its password is in the file "password" beside this one; here is what PostgreSQL stores of it.
begin;
create role pgoauth_proxy login noinherit nosuperuser nocreaterole nobypassrls
  password '${stored}';
create role analyst nologin;
grant analyst to pgoauth_proxy;

-- The role's rights bound what any scope can give.
grant connect on database ${name} to pgoauth_proxy, analyst;
grant usage on schema public to analyst;
grant select on all tables in schema public to analyst;
commit;
`
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.') || host.startsWith('/')
}

/** A double-quoted YAML scalar: JSON is one. */
function quote(text: string): string {
  return /^[A-Za-z_][\w.-]*$/.test(text) && !/^(true|false|null|yes|no|on|off)$/i.test(text)
    ? text
    : JSON.stringify(text)
}
