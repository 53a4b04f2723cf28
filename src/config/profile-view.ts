import { listenText } from './listen-address.ts'
import type { Profile } from './profiles.ts'

/** A profile as config.yaml would have it, with every default and override in place; nothing in it is secret. */
export function profileView(profile: Profile): Record<string, unknown> {
  const { tls, listen, resource, redirect } = profile
  return defined({
    host: profile.host,
    port: profile.port,
    database: profile.database,
    user: profile.user,
    tls: defined({ mode: tls.mode, ca: tls.ca, cert: tls.cert, key: tls.key, server_name: tls.serverName }),
    sslnegotiation: profile.sslnegotiation,
    insecure_loopback: profile.insecureLoopback || undefined,
    issuer: profile.issuer,
    client_id: profile.clientId,
    client_secret_env: profile.clientSecretEnv,
    client_key: profile.clientKey,
    scopes: profile.scopes,
    resource: resource.length > 1 ? resource : resource[0],
    audience: profile.audience,
    flow: profile.flow,
    token_file: profile.tokenFile,
    exec: profile.exec,
    store: profile.store,
    auth: profile.auth,
    listen: listen && listenText(listen),
    local_auth: profile.localAuth,
    allow_remote: profile.allowRemote,
    redirect: redirect.length > 1 ? redirect : redirect[0],
    issuer_tls: profile.issuerTls.ca === undefined ? undefined : { ca: profile.issuerTls.ca },
  })
}

function defined(value: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined))
}
