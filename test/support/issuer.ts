import type { IncomingMessage } from 'node:http'
import { after } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { importJWK, type JWK, SignJWT } from 'jose'
import { type Issuer, type IssuerOptions, startIssuer } from '../../src/demo/issuer.ts'
import { browse } from '../../src/demo/plain-browser.ts'

export { browse }

export interface TestIssuer extends Issuer {
  /** Knobs that count from the next request: `outage` drops connections, `failWith` answers that status. */
  readonly weather: { outage: boolean; failWith: number | undefined; latencyMs: number; only: RegExp | undefined }
  /** Paths without query, in the order they were asked for. */
  readonly requests: string[]
  count(path: RegExp): number
  /** A real login by the device flow, approved; the token endpoint's answer. */
  login(account: string, scope: string, resource?: string): Promise<TokenAnswer>
  /** A JWT by the issuer's key, as RFC 9068 has it, with claims and header replaced; undefined takes one away. */
  mint(claims?: Record<string, unknown>, header?: Record<string, unknown>): Promise<string>
}

export interface TokenAnswer {
  readonly access_token: string
  readonly refresh_token?: string
  readonly id_token?: string
  readonly expires_in: number
  readonly scope: string
}

/** An issuer for this test file, gone after its last test. */
export async function startTestIssuer(options: Omit<IssuerOptions, 'intercept'> = {}): Promise<TestIssuer> {
  const weather: TestIssuer['weather'] = { outage: false, failWith: undefined, latencyMs: 0, only: undefined }
  const requests: string[] = []
  const issuer = await startIssuer({
    ...options,
    async intercept(request: IncomingMessage, response) {
      const path = (request.url ?? '').replace(/\?.*/, '')
      requests.push(path)
      if (weather.only && !weather.only.test(path)) return false
      if (weather.latencyMs > 0) await sleep(weather.latencyMs)
      if (weather.outage) request.socket.destroy()
      else if (weather.failWith !== undefined) response.writeHead(weather.failWith).end('{}')
      return weather.outage || weather.failWith !== undefined
    },
  })
  after(() => issuer.stop())

  return Object.assign(issuer, {
    weather,
    requests,
    count: (path: RegExp) => requests.filter((one) => path.test(one)).length,
    async login(account: string, scope: string, resource?: string): Promise<TokenAnswer> {
      const asked = await post(`${issuer.url}/device/auth`, {
        client_id: 'pgoauth',
        scope,
        ...(resource && { resource }),
      })
      await browse(String(asked.verification_uri_complete), { account })
      const answer = await post(`${issuer.url}/token`, {
        client_id: 'pgoauth',
        grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
        device_code: String(asked.device_code),
        ...(resource && { resource }),
      })
      if (typeof answer.access_token !== 'string') throw new Error(`no token: ${JSON.stringify(answer)}`)
      return answer as unknown as TokenAnswer
    },
    async mint(claims: Record<string, unknown> = {}, header: Record<string, unknown> = {}): Promise<string> {
      const key = issuer.keys.find(({ alg }) => alg === (header.alg ?? issuer.settings.algorithm))
      if (!key) throw new Error(`no key for ${String(header.alg)}`)
      const nowSeconds = Math.floor(Date.now() / 1000)
      const payload = {
        iss: issuer.url,
        sub: 'ada',
        aud: issuer.settings.defaultResource,
        client_id: 'pgoauth',
        jti: Math.random().toString(36).slice(2),
        scope: issuer.settings.scopes.join(' '),
        iat: nowSeconds,
        exp: nowSeconds + issuer.settings.accessTokenSeconds,
        ...claims,
      }
      // Through JSON, which drops what is undefined.
      const protectedHeader = JSON.parse(JSON.stringify({ alg: key.alg, typ: 'at+jwt', kid: key.kid, ...header }))
      return new SignJWT(JSON.parse(JSON.stringify(payload)))
        .setProtectedHeader(protectedHeader)
        .sign(await importJWK({ ...key, key_ops: undefined, x5c: undefined } as JWK))
    },
  })
}

async function post(url: string, form: Record<string, string>): Promise<Record<string, unknown>> {
  const response = await fetch(url, { method: 'POST', body: new URLSearchParams(form) })
  return (await response.json()) as Record<string, unknown>
}
