import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fail } from '../base/errors.ts'
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

/** `pgoauth proxy init`. @throws USAGE where a file is there already, or the port is none. */
export function initProxy(context: CliContext, request: ProxyInitRequest): void {
  if (!/^\d{1,5}$/.test(request.port)) fail('USAGE', { detail: `--port ${request.port} is no port` })
  const directory = resolve(request.dir)
  const files = {
    'proxy.yaml': proxyYaml(request),
    'policy.yaml': POLICY,
    'bootstrap.sql': bootstrapSql(request.database),
  }
  const taken = Object.keys(files).find((name) => existsSync(join(directory, name)))
  if (taken !== undefined && !request.force) {
    fail('USAGE', { detail: `${join(directory, taken)} is there already`, fix: 'choose another --dir, or say --force' })
  }
  mkdirSync(directory, { recursive: true })
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(join(directory, name), text)
    writeLine(context.stderr, `wrote ${join(directory, name)}`)
  }
  writeLine(context.stderr, NEXT(join(directory, 'proxy.yaml')))
}

const NEXT = (file: string) => `
Next:
  1. put a certificate and its key beside it as server.crt and server.key
  2. choose a password for the service login, write it to the file "password" there (mode 0600), and run bootstrap.sql
     as a superuser: psql -v password="'…'" -f bootstrap.sql
  3. change issuer, audience, roles and scopes to yours
  4. pgoauth proxy check --config ${file} --live
  5. pgoauth proxy --config ${file}`

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

function bootstrapSql(database: string): string {
  const name = `"${database.replaceAll('"', '""')}"`
  return `-- The proxy's service login and a first role. Run as a superuser, in the database, with the password as a variable:
--   psql -v password="'…'" -f bootstrap.sql
-- The login may become the roles it is a member of, and owns nothing. It must not be SUPERUSER, BYPASSRLS or CREATEROLE.
begin;
create role pgoauth_proxy login noinherit nosuperuser nocreaterole nobypassrls password :password;
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
