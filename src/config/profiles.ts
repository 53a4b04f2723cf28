import type { Paths } from './paths.ts'

export type Flow = 'auto' | 'browser' | 'device' | 'client_credentials' | 'token_file' | 'exec'
export type StoreKind = 'keychain' | 'file' | 'memory'
export type TlsMode = 'verify-full' | 'verify-ca' | 'require' | 'disable'

/** How the remote side of a connection is reached and checked. File names are absolute. */
export interface ProfileTls {
  readonly mode: TlsMode
  readonly ca: string | undefined
  readonly cert: string | undefined
  readonly key: string | undefined
  /** Checked against the certificate, and sent as SNI, in place of `host`. */
  readonly serverName: string | undefined
}

/** Where the local side listens; undefined in a profile means a free loopback port, kept where possible. */
export type Listen =
  | { readonly kind: 'tcp'; readonly address: string; readonly port: number }
  | { readonly kind: 'unix'; readonly directory: string; readonly port: number }

/** One entry of config.yaml after flags and environment were laid over it, with every default filled in. */
export interface Profile {
  readonly name: string
  readonly host: string | undefined
  readonly port: number
  readonly database: string | undefined
  readonly user: string | undefined
  readonly tls: ProfileTls
  /** PostgreSQL 17's `sslnegotiation`: `direct` starts TLS without an SSLRequest. */
  readonly sslnegotiation: 'postgres' | 'direct'
  readonly insecureLoopback: boolean
  readonly issuer: string | undefined
  readonly clientId: string | undefined
  /** The environment variable that holds the client secret; the secret itself is never in a profile. */
  readonly clientSecretEnv: string | undefined
  /** A private key (PEM or JWK) for `private_key_jwt` (RFC 7523). */
  readonly clientKey: string | undefined
  readonly scopes: readonly string[]
  readonly resource: readonly string[]
  readonly audience: string | undefined
  readonly flow: Flow
  readonly tokenFile: string | undefined
  readonly exec: readonly string[] | undefined
  readonly store: StoreKind
  readonly auth: 'auto' | 'oauthbearer' | 'password'
  readonly listen: Listen | undefined
  readonly localAuth: 'auto' | 'same-user' | 'password' | 'none'
  readonly allowRemote: boolean
  /** Loopback redirect URIs, tried in order; without a port, any free one. */
  readonly redirect: readonly string[]
  readonly issuerTls: { readonly ca: string | undefined }
}

/** Values from the command line, by their key in config.yaml (`client_id`, `tls.ca`); text as it was typed. */
export type ProfileFlags = Readonly<Record<string, string | boolean | readonly string[] | undefined>>

export interface ProfileSources {
  readonly env: NodeJS.ProcessEnv
  readonly flags?: ProfileFlags
  readonly paths: Paths
  /** What `~/` in a file name stands for. */
  readonly home: string
}

export { loadProfiles } from './profile-file.ts'
export { resolveProfile } from './profile-resolution.ts'
