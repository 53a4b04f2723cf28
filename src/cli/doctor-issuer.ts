import { asPgoauthError, fail, PgoauthError } from '../base/errors.ts'
import { printable } from '../base/printable.ts'
import type { Profile } from '../config/profiles.ts'
import { openIssuerFetch, proxyOf } from '../oauth/issuer-fetch.ts'
import { openIssuer } from '../tokens/profile-issuer.ts'
import { signerAt } from './certificate-signer.ts'
import type { CliContext } from './context.ts'
import { tokenDepsOf } from './token-deps.ts'

/** A login fails with a clock further off than this: the ID token is from the future, or over. */
const MOST_CLOCK_SKEW_MS = 120_000
const CALL_TIMEOUT_MS = 10_000

/** Discovery, the flows it offers, and how far the two clocks are apart. @throws as discovery does. */
export async function checkIssuer(profile: Profile, context: CliContext): Promise<string> {
  const { issuer: url = '' } = profile
  const proxy = proxyOf(new URL(url), context.env)
  try {
    const { metadata } = await openIssuer(profile, tokenDepsOf(context))
    await checkClock(profile, context)
    const flows = [
      metadata.authorization_endpoint ? 'browser' : '',
      metadata.device_authorization_endpoint ? 'device' : '',
      metadata.revocation_endpoint ? 'revocation' : '',
    ]
    const through = proxy ? ` through the proxy ${new URL(proxy).host}` : ''
    return `${metadata.issuer}${through} (${flows.filter(Boolean).join(', ')})`
  } catch (error) {
    throw await namingTheSigner(asPgoauthError(error), url, proxy)
  }
}

async function checkClock(profile: Profile, { env, clock }: CliContext): Promise<void> {
  const fetch = await openIssuerFetch({ env, caFile: profile.issuerTls.ca })
  const signal = AbortSignal.timeout(CALL_TIMEOUT_MS)
  const response = await fetch(profile.issuer ?? '', {
    method: 'GET',
    redirect: 'manual',
    headers: {},
    body: undefined,
    signal,
  })
  await response.body?.cancel()
  const theirs = Date.parse(response.headers.get('date') ?? '')
  const aheadMs = clock.nowMs() - theirs
  if (Number.isNaN(theirs) || Math.abs(aheadMs) <= MOST_CLOCK_SKEW_MS) return
  const minutes = Math.round(Math.abs(aheadMs) / 60_000)
  fail('ISSUER_INVALID', {
    detail: `this machine's clock is ${minutes} min ${aheadMs > 0 ? 'ahead of' : 'behind'} the issuer's`,
    fix: 'set the clock (timedatectl set-ntp true)',
  })
}

/** A network that opens TLS shows itself by who signed the certificate: its own authority, not the issuer's. */
async function namingTheSigner(error: PgoauthError, url: string, proxy: string | undefined): Promise<PgoauthError> {
  if (!/does not trust/.test(error.message)) return error
  const { hostname, port } = new URL(url)
  const signer = await signerAt({ host: hostname, port: Number(port || 443), proxy }).catch(() => undefined)
  if (!signer) return error
  return new PgoauthError(error.code, {
    detail: `${error.detail}: it is signed by ${printable(signer)}`,
    fix: `if that is the proxy of your network, name the PEM file of its authority in issuer_tls.ca (or NODE_EXTRA_CA_CERTS)`,
    cause: error,
  })
}
