import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Secret } from '../base/secret.ts'
import { createCertificateAuthority } from './certificates.ts'
import { DATABASE, POLICY_YAML, RESOURCE, SCOPES, SERVICE_LOGIN } from './sample-database.ts'

/** Where the parts are that run before the proxy does. */
export interface BackAddresses {
  readonly issuer: string
  readonly postgresPort: number
}

/** What a person's profile needs to know. Without a port of its own the tunnel finds one. */
export interface FrontAddresses {
  readonly issuer: string
  readonly proxyPort: number
  readonly tunnelPort?: number | undefined
}

export interface DemoFiles {
  readonly proxyYaml: string
  readonly policyYaml: string
  readonly profileYaml: string
  readonly audit: string
  readonly ca: string
  /** Home directory of the commands that play the laptop. */
  readonly home: string
}

/** Writes what an operator would have written, in one directory. The profile is for later: see writeProfile. */
export function writeDemoFiles(directory: string, addresses: BackAddresses, password: Secret): DemoFiles {
  const write = (name: string, text: string): string => {
    const file = join(directory, name)
    writeFileSync(file, text, { mode: 0o600 })
    return file
  }
  const home = join(directory, 'home')
  mkdirSync(home, { mode: 0o700 })
  const authority = createCertificateAuthority()
  const server = authority.issue('localhost', { hosts: ['localhost', '127.0.0.1'] })
  write('server.crt', server.cert)
  write('server.key', server.key)
  write('proxy-password', password.reveal())
  return {
    home,
    ca: write('ca.pem', authority.cert),
    policyYaml: write('policy.yaml', POLICY_YAML),
    proxyYaml: write('proxy.yaml', proxyYaml(addresses)),
    profileYaml: join(directory, 'config.yaml'),
    audit: join(directory, 'audit.jsonl'),
  }
}

/** Writes what a person would have written, once the proxy has its port. */
export function writeProfile(files: DemoFiles, addresses: FrontAddresses): void {
  writeFileSync(files.profileYaml, profileYaml(addresses), { mode: 0o600 })
}

function proxyYaml({ issuer, postgresPort }: BackAddresses): string {
  return `listen:
  - address: 127.0.0.1:0
    auth: oauthbearer
tls: { cert: ./server.crt, key: ./server.key, required: true }
issuers:
  - issuer: ${issuer}
    audience: ${RESOURCE}
    tokens: jwt
    algorithms: [ES256]
    offer_scopes: [openid, ${SCOPES.join(', ')}]
databases:
  ${DATABASE}:
    server: { host: 127.0.0.1, port: ${postgresPort}, database: ${DATABASE}, tls: { mode: disable } }
    login: { user: ${SERVICE_LOGIN}, password_file: ./proxy-password }
policy: ./policy.yaml
audit: { path: ./audit.jsonl, min_free: 0 }
sessions: { grace: 5s }
drain: 1s
workers: 1
`
}

function profileYaml({ issuer, proxyPort, tunnelPort }: FrontAddresses): string {
  // Who else uses this machine is told apart by the kernel on Linux; elsewhere a demonstration asks for no password.
  const localAuth = process.platform === 'linux' ? 'same-user' : 'none'
  return `default: demo
profiles:
  demo:
    host: localhost
    port: ${proxyPort}
    database: ${DATABASE}
    tls: { mode: verify-full, ca: ./ca.pem }
    issuer: ${issuer}
    client_id: pgoauth
    scopes: [openid, offline_access, ${SCOPES.join(', ')}]
    resource: ${RESOURCE}
    flow: device
    store: file
    local_auth: ${localAuth}${tunnelPort === undefined ? '' : `\n    listen: 127.0.0.1:${tunnelPort}`}
`
}
