import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startScriptedIssuer } from '../support/scripted-issuer.ts'
import { introspectedIssuer, openVerifier, reasonOf } from '../support/verifier.ts'

// RFC 7662 (introspection): the request of section 2.1, and what is made of the answers of section 2.2 and 2.3.
const issuer = await startScriptedIssuer()
const nowSeconds = Math.floor(Date.now() / 1000)
const GOOD = {
  active: true,
  token_type: 'Bearer',
  sub: 'ada',
  aud: 'postgres://demo',
  scope: 'orders:read',
  client_id: 'psql',
  exp: nowSeconds + 300,
}

function discover(more: Record<string, unknown> = {}): void {
  issuer.on('/.well-known/openid-configuration', {
    issuer: issuer.url,
    introspection_endpoint: `${issuer.url}/introspect`,
    ...more,
  })
}

async function ask(token = 'opaque-token') {
  issuer.asked.length = 0
  const verdict = await openVerifier([introspectedIssuer({ url: issuer.url })]).verify(token)
  return { verdict, request: issuer.asked.find(({ path }) => path === '/introspect') }
}

async function reasonFor(answer: Record<string, unknown>): Promise<string> {
  issuer.on('/introspect', answer)
  return reasonOf((await ask()).verdict)
}

test('section 2.1: the token goes in the body of a POST, with a hint, and the client proves itself', async () => {
  discover()
  issuer.on('/introspect', GOOD)
  const { verdict, request } = await ask('a/b+c==')
  assert.ok(verdict.ok)
  assert.equal(request?.method, 'POST')
  assert.equal(request?.headers['content-type'], 'application/x-www-form-urlencoded')
  assert.equal(request?.headers.accept, 'application/json')
  assert.equal(request?.headers.authorization, `Basic ${Buffer.from('proxy:proxy-secret').toString('base64')}`)
  assert.deepEqual(Object.fromEntries(new URLSearchParams(request?.body)), {
    token: 'a/b+c==',
    token_type_hint: 'access_token',
  })
  assert.ok(!issuer.asked.some(({ path }) => path.includes('a/b')))
})

test('section 2.1: an issuer that takes the secret in the body only gets it there', async () => {
  discover({ introspection_endpoint_auth_methods_supported: ['client_secret_post'] })
  issuer.on('/introspect', GOOD)
  const { request } = await ask()
  assert.equal(request?.headers.authorization, undefined)
  assert.equal(new URLSearchParams(request?.body).get('client_secret'), 'proxy-secret')
  discover()
})

test('section 2.2: active decides, and is a boolean', async () => {
  assert.equal(await reasonFor(GOOD), 'accepted')
  assert.match(await reasonFor({ ...GOOD, active: false }), /not active/)
  assert.match(await reasonFor({ ...GOOD, active: 'true' }), /not active/)
  assert.match(await reasonFor({ ...GOOD, active: 1 }), /not active/)
})

test('section 2.2: iss may be missing, and may not be another’s', async () => {
  assert.equal(await reasonFor({ ...GOOD, iss: issuer.url }), 'accepted')
  assert.match(await reasonFor({ ...GOOD, iss: 'https://evil.example' }), /is not the issuer/)
})

test('section 2.2: aud, exp and sub are optional there and required here', async () => {
  for (const name of ['aud', 'exp', 'sub']) {
    assert.match(await reasonFor({ ...GOOD, [name]: undefined }), new RegExp(`${name} is missing`))
  }
})

test('section 2.2: nbf counts', async () => {
  assert.match(await reasonFor({ ...GOOD, nbf: nowSeconds + 120 }), /not valid yet/)
})

test('section 2.2: an answer that may be about a refresh token is refused', async () => {
  for (const more of [{ token_type: undefined }, { token_type: 'refresh_token' }, { typ: 'Refresh' }]) {
    assert.match(await reasonFor({ ...GOOD, ...more }), /refresh token/)
  }
})

test('section 2.3: a 401 is a mistake of the proxy’s, and says nothing of the token', async () => {
  issuer.on('/introspect', (response) => response.writeHead(401).end())
  const { verdict } = await ask()
  assert.ok(!verdict.ok && verdict.isUnavailable)
})

test('an answer that names the client with HTTP 400 says nothing of the token either', async () => {
  for (const error of ['invalid_client', 'unauthorized_client']) {
    issuer.on('/introspect', (response) => response.writeHead(400).end(JSON.stringify({ error })))
    const { verdict } = await ask()
    assert.ok(!verdict.ok && verdict.isUnavailable)
    assert.match(verdict.reason, new RegExp(`HTTP 400 \\(${error}\\)`))
  }
})

test('an answer that dislikes the token with HTTP 400 is a refusal', async () => {
  issuer.on('/introspect', (response) => response.writeHead(400).end('{"error":"invalid_request"}'))
  const { verdict } = await ask()
  assert.ok(!verdict.ok && !verdict.isUnavailable)
})

test('section 4: what is no JSON object is no answer', async () => {
  issuer.on('/introspect', (response) => response.end('[true]'))
  const { verdict } = await ask()
  assert.match(reasonOf(verdict), /did not answer with a JSON object/)
})

test('section 4: the endpoint is reached over https, whatever discovery says', async () => {
  discover({ introspection_endpoint: 'http://id.example.com/introspect' })
  assert.match(reasonOf((await ask()).verdict), /not https/)
  discover()
})

test('an issuer that offers no introspection is named', async () => {
  discover({ introspection_endpoint: undefined })
  assert.match(reasonOf((await ask()).verdict), /no usable introspection_endpoint/)
})
