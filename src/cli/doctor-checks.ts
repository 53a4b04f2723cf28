import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import { asPgoauthError, fail } from '../base/errors.ts'
import type { Profile, ProfileFlags } from '../config/profiles.ts'
import { openStore } from '../tokens/open-store.ts'
import type { AccessToken } from '../tokens/token-source.ts'
import type { CliContext } from './context.ts'
import { checkIssuer } from './doctor-issuer.ts'
import { checkHandshake, checkTcp, checkTls } from './doctor-remote.ts'
import { profileOf, tokenDepsOf } from './token-deps.ts'

export type Check = 'config' | 'keychain' | 'issuer' | 'tcp' | 'tls' | 'token' | 'handshake' | 'role'

/** What one check found. `ok` is undefined where it was left out because what it needs failed. */
export interface Finding {
  readonly check: Check
  readonly ok: boolean | undefined
  readonly detail: string
  readonly fix?: string | undefined
  /** The exit code of a failure. */
  readonly exit: number
}

/** Checks a profile step by step, in the order in which a connection needs the steps. Nothing is changed. */
export async function* examine(
  context: CliContext,
  name: string | undefined,
  flags: ProfileFlags,
): AsyncGenerator<Finding> {
  let profile: Profile | undefined
  yield await run('config', async () => {
    profile = await profileOf(context, name, flags)
    await checkFiles(profile, context)
    return `profile ${profile.name} in ${tokenDepsOf(context).paths.configFile}`
  })
  if (profile === undefined) return
  const chosen: Profile = profile

  yield await run('keychain', () => checkStore(chosen, context))
  yield chosen.issuer === undefined
    ? skipped('issuer', `not needed (flow: ${chosen.flow})`)
    : await run('issuer', () => checkIssuer(chosen, context))

  const tcp = await run('tcp', () => checkTcp(chosen))
  yield tcp
  const tls = tcp.ok ? await run('tls', () => checkTls(chosen, context)) : skipped('tls', 'needs tcp')
  yield tls

  let token: AccessToken | undefined
  yield await run('token', async () => {
    token = await freshToken(chosen, context)
    return describeToken(token, context)
  })
  if (!tls.ok || token === undefined) {
    const needs = tls.ok ? 'needs a token' : 'needs tls'
    yield skipped('handshake', needs)
    yield skipped('role', needs)
    return
  }
  let role: () => Promise<string> = async () => ''
  const handshake = await run('handshake', async () => {
    const opened = await checkHandshake(chosen, token as AccessToken, context)
    role = opened.askRole
    return opened.detail
  })
  yield handshake
  yield handshake.ok ? await run('role', role) : skipped('role', 'needs the handshake')
}

async function run(check: Check, look: () => Promise<string>): Promise<Finding> {
  try {
    return { check, ok: true, detail: await look(), exit: 0 }
  } catch (error) {
    const { message, detail, fix, exit } = asPgoauthError(error)
    return { check, ok: false, detail: detail ?? message, fix, exit }
  }
}

function skipped(check: Check, why: string): Finding {
  return { check, ok: undefined, detail: why, exit: 0 }
}

/** Files that are read only later would fail later, and then in words about TLS or keys. */
async function checkFiles({ tls, issuerTls, clientKey, clientSecretEnv, name }: Profile, { env }: CliContext) {
  const files = {
    'tls.ca': tls.ca,
    'tls.cert': tls.cert,
    'tls.key': tls.key,
    'issuer_tls.ca': issuerTls.ca,
    client_key: clientKey,
  }
  for (const [key, file] of Object.entries(files)) {
    if (file === undefined) continue
    await access(file, constants.R_OK).catch(({ code }: NodeJS.ErrnoException) => {
      fail('CONFIG_INVALID', {
        detail: `${key}: ${file} cannot be read (${code})`,
        fix: `correct ${key} in profile ${name}`,
      })
    })
  }
  if (clientSecretEnv !== undefined && !env[clientSecretEnv]) {
    fail('CONFIG_INVALID', {
      detail: `client_secret_env: ${clientSecretEnv} is not set`,
      fix: `set ${clientSecretEnv}`,
    })
  }
}

async function checkStore(profile: Profile, context: CliContext): Promise<string> {
  const { flow, store: kind } = profile
  if (flow === 'client_credentials' || flow === 'token_file' || flow === 'exec') return `not needed (flow: ${flow})`
  const store = await openStore(kind, tokenDepsOf(context))
  await store.probe()
  return kind === 'memory' ? 'store: memory, nothing is kept' : `${store.place} can be written`
}

async function freshToken(profile: Profile, context: CliContext): Promise<AccessToken> {
  const { openTokenSource } = await import('../tokens/token-source.ts')
  const source = await openTokenSource(profile, tokenDepsOf(context))
  return source.fresh()
}

async function describeToken({ token, expiresAtSeconds, scopes }: AccessToken, { clock }: CliContext): Promise<string> {
  const { decodeClaims } = await import('../oauth/jwt-claims.ts')
  const claims = decodeClaims(token.reveal())
  const { sub, scope, aud } = claims ?? {}
  const left = expiresAtSeconds === undefined ? undefined : Math.round(expiresAtSeconds - clock.nowMs() / 1000)
  const parts = [
    claims === undefined ? 'opaque token' : 'token',
    typeof sub === 'string' ? `of ${sub}` : '',
    aud === undefined ? '' : `for ${[aud].flat().join(', ')}`,
    left === undefined ? '' : `good for ${left} s`,
  ]
  const granted = typeof scope === 'string' ? scope : scopes?.join(' ')
  return `${parts.filter(Boolean).join(' ')}${granted ? `\nscopes: ${granted}` : ''}`
}
