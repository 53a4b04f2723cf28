import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { PgoauthError } from '../../src/base/errors.ts'
import { IssuerHttp } from '../../src/oauth/issuer-http.ts'
import { startScriptedIssuer } from '../support/scripted-issuer.ts'

const http = new IssuerHttp({ env: {}, caFile: undefined })
const hasty = new IssuerHttp({ env: {}, caFile: undefined, deadlineMs: 300 })
const issuer = await startScriptedIssuer()
const elsewhere = await startScriptedIssuer()

async function failureOf(promise: Promise<unknown>): Promise<string> {
  try {
    return `it answered ${JSON.stringify(await promise)}`
  } catch (error) {
    assert.ok(error instanceof PgoauthError, String(error))
    return `${error.code}: ${error.detail}`
  }
}

test('a JSON object is read', async () => {
  issuer.on('/fine', { a: 1 })
  assert.deepEqual({ ...(await http.getJson(`${issuer.url}/fine`)) }, { a: 1 })
})

test('a redirect to another host is refused, and that host is not asked', async () => {
  issuer.on('/away', (response) => response.writeHead(302, { location: `${elsewhere.url}/jwks` }).end())
  elsewhere.on('/jwks', { keys: [] })
  assert.match(await failureOf(http.getJson(`${issuer.url}/away`)), /^ISSUER_INVALID: .*redirects to http/)
  assert.equal(elsewhere.asked.length, 0)
})

test('a redirect to the same name with another port is another host', async () => {
  const port = new URL(elsewhere.url).port
  issuer.on('/port', (response) => response.writeHead(307, { location: `http://127.0.0.1:${port}/jwks` }).end())
  assert.match(await failureOf(http.getJson(`${issuer.url}/port`)), /^ISSUER_INVALID/)
})

test('a redirect on the same host is followed', async () => {
  issuer.on('/old', (response) => response.writeHead(301, { location: '/fine' }).end())
  assert.deepEqual({ ...(await http.getJson(`${issuer.url}/old`)) }, { a: 1 })
})

test('a redirect in a circle ends', async () => {
  issuer.on('/circle', (response) => response.writeHead(302, { location: '/circle' }).end())
  assert.match(await failureOf(http.getJson(`${issuer.url}/circle`)), /ISSUER_INVALID: .*redirects too often/)
})

test('a redirect to nowhere is refused', async () => {
  issuer.on('/nowhere', (response) => response.writeHead(302).end())
  assert.match(await failureOf(http.getJson(`${issuer.url}/nowhere`)), /ISSUER_INVALID: .*redirects nowhere/)
})

test('what is posted follows no redirect: it holds a token and a secret', async () => {
  issuer.on('/post', (response) => response.writeHead(307, { location: '/post2' }).end())
  assert.match(await failureOf(http.postForm(`${issuer.url}/post`, { token: 't' }, {})), /ISSUER_INVALID: .*posted/)
  assert.ok(!issuer.asked.some(({ path }) => path === '/post2'))
})

test('an answer that never ends is cut off at its size', async () => {
  issuer.on('/endless', (response) => {
    const write = () => {
      while (!response.destroyed && response.write('x'.repeat(65_536)));
    }
    response.on('drain', write)
    write()
  })
  assert.match(await failureOf(http.getJson(`${issuer.url}/endless`)), /ISSUER_INVALID: .*more than 524288 bytes/)
})

test('an answer that unpacks to more than its size is cut off', async () => {
  const bomb = gzipSync(Buffer.alloc(50 * 1024 * 1024))
  issuer.on('/bomb', (response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb))
  assert.match(await failureOf(http.getJson(`${issuer.url}/bomb`)), /ISSUER_INVALID: .*more than 524288 bytes/)
})

test('a server that says nothing is given up at the deadline', async () => {
  issuer.on('/silent', () => {})
  const started = performance.now()
  assert.match(await failureOf(hasty.getJson(`${issuer.url}/silent`)), /ISSUER_UNREACHABLE: .*did not answer in time/)
  assert.ok(performance.now() - started < 4_500)
})

test('a server that drips is given up at the same deadline', async () => {
  issuer.on('/drip', (response) => {
    const timer = setInterval(() => response.write(' '), 50)
    response.on('close', () => clearInterval(timer))
  })
  const started = performance.now()
  assert.match(await failureOf(hasty.getJson(`${issuer.url}/drip`)), /^ISSUER_UNREACHABLE/)
  assert.ok(performance.now() - started < 4_500)
})

test('a connection that breaks in the answer is an outage', async () => {
  issuer.on('/broken', (response) => {
    response.writeHead(200, { 'content-length': '100' })
    response.write('{"keys":', () => response.destroy())
  })
  assert.match(await failureOf(http.getJson(`${issuer.url}/broken`)), /^ISSUER_UNREACHABLE/)
})

for (const [status, code] of [
  [500, 'ISSUER_UNREACHABLE'],
  [503, 'ISSUER_UNREACHABLE'],
  [429, 'ISSUER_UNREACHABLE'],
  [404, 'ISSUER_INVALID'],
  [401, 'ISSUER_INVALID'],
  [204, 'ISSUER_INVALID'],
] as const) {
  test(`HTTP ${status} is ${code}`, async () => {
    issuer.on(`/status/${status}`, (response) => response.writeHead(status).end())
    assert.match(await failureOf(http.getJson(`${issuer.url}/status/${status}`)), new RegExp(`^${code}: .*${status}`))
  })
}

for (const [name, text] of [
  ['a page', '<html>'],
  ['a list', '[]'],
  ['an object with a name twice', '{"keys":[],"keys":[1]}'],
  ['nothing', ''],
] as const) {
  test(`${name} in place of an object is refused`, async () => {
    issuer.on('/text', (response) => response.end(text))
    assert.match(await failureOf(http.getJson(`${issuer.url}/text`)), /ISSUER_INVALID: .*JSON object/)
  })
}

test('http to any other host is refused before anything is sent', async () => {
  assert.match(await failureOf(http.getJson('http://id.example.com/jwks')), /ISSUER_INVALID: .*not https/)
})

test('other schemes are refused', async () => {
  for (const url of ['file:///etc/passwd', 'data:application/json,{}', 'ftp://127.0.0.1/']) {
    assert.match(await failureOf(http.getJson(url)), /ISSUER_INVALID: .*not https/)
  }
})

test('answers are asked for without compression', async () => {
  await http.getJson(`${issuer.url}/fine`)
  assert.equal(issuer.asked.at(-1)?.headers['accept-encoding'], 'identity')
})

test('nobody listening is an outage', async () => {
  assert.match(await failureOf(http.getJson('http://127.0.0.1:1/')), /^ISSUER_UNREACHABLE/)
})
