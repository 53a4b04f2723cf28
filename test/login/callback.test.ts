import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, describe, test } from 'node:test'
import { openCallbackListener } from '../../src/login/callback-listener.ts'
import { startTestIssuer } from '../support/issuer.ts'
import { openLaptop, profileFor } from '../support/laptop.ts'
import { eventually } from '../support/tunnel.ts'

const issuer = await startTestIssuer()
const laptop = openLaptop(profileFor(issuer))

describe('what comes back to the loopback redirect', () => {
  async function startLogin(args: string[] = [], env: Record<string, string> = {}) {
    const command = laptop.start(['login', '--browser', '--no-open', ...args], { env })
    const [address] = await command.says(/http:\/\/\S+\/auth\?\S+/)
    const ended = new Promise<number | null>((resolve) => command.process.once('close', resolve))
    const asked = new URL(address).searchParams
    return { command, asked, ended, redirect: asked.get('redirect_uri') ?? '', said: () => command.lines.join('\n') }
  }

  test('the request has PKCE S256, a state and a nonce', async () => {
    const { asked, command } = await startLogin()
    assert.equal(asked.get('code_challenge_method'), 'S256')
    assert.match(asked.get('code_challenge') ?? '', /^[\w-]{43}$/)
    assert.match(asked.get('state') ?? '', /^[\w-]{43}$/)
    assert.match(asked.get('nonce') ?? '', /^[\w-]{43}$/)
    await command.end()
  })

  test('a state that is not the one sent ends the login, and its code is not used', async () => {
    const { redirect, ended, said } = await startLogin()
    const before = issuer.count(/^\/token$/)
    const answer = await fetch(`${redirect}?code=x&state=forged&iss=${issuer.url}`)
    assert.equal(answer.status, 400)
    assert.match(await answer.text(), /Not logged in/)
    assert.equal(await ended, 3)
    assert.match(said(), /belongs to another login/)
    assert.equal(issuer.count(/^\/token$/), before)
  })

  test('another issuer in the answer ends the login, and its code is not used (RFC 9207)', async () => {
    const { redirect, asked, ended, said } = await startLogin()
    const before = issuer.count(/^\/token$/)
    await fetch(`${redirect}?code=x&state=${asked.get('state')}&iss=https://evil.example.com`)
    assert.equal(await ended, 3)
    assert.match(said(), /names another issuer/)
    assert.equal(issuer.count(/^\/token$/), before)
  })

  test('an answer without iss is refused, since the issuer says that it sends one (RFC 9207)', async () => {
    const { redirect, asked, ended, said } = await startLogin()
    const before = issuer.count(/^\/token$/)
    await fetch(`${redirect}?code=x&state=${asked.get('state')}`)
    assert.equal(await ended, 3)
    assert.match(said(), /does not name its issuer/)
    assert.equal(issuer.count(/^\/token$/), before)
  })

  test('a second answer is told that the first one counts', async () => {
    const { redirect, asked, ended } = await startLogin()
    const before = issuer.count(/^\/token$/)
    issuer.weather.latencyMs = 3_000
    const query = `?code=x&state=${asked.get('state')}&iss=${issuer.url}`
    const first = fetch(redirect + query)
    await eventually(() => issuer.count(/^\/token$/) > before)
    const second = await fetch(redirect + query)
    issuer.weather.latencyMs = 0
    assert.equal(second.status, 410)
    assert.match(await second.text(), /already answered/)
    assert.equal((await first).status, 400)
    assert.equal(await ended, 3)
  })

  test('an error description from the issuer is shown without its markup and escape sequences', async () => {
    const { redirect, asked, ended, said } = await startLogin()
    const description = encodeURIComponent('<script>x</script>\x1b[31mred')
    const query = `?error=server_error&error_description=${description}&state=${asked.get('state')}&iss=${issuer.url}`
    const html = await (await fetch(redirect + query)).text()
    assert.equal(await ended, 3)
    assert.ok(html.includes('&lt;script&gt;x&lt;/script&gt;?[31mred'))
    assert.ok(!said().includes('\x1b'))
  })

  test('over SSH the line that forwards the port is printed', async () => {
    const { command, redirect, said } = await startLogin([], { SSH_CONNECTION: '198.51.100.7 50000 203.0.113.5 2222' })
    const { port } = new URL(redirect)
    await command.says(/ssh -p 2222 /)
    assert.match(said(), new RegExp(`ssh -p 2222 -N -L ${port}:127\\.0\\.0\\.1:${port} \\S+@203\\.0\\.113\\.5`))
    await command.end()
  })

  test('Ctrl-C ends a login that waits, with an error', async () => {
    const { command, said } = await startLogin()
    const { code } = await command.end('SIGINT')
    assert.notEqual(code, 0)
    assert.match(said(), /interrupted/)
  })
})

describe('the loopback listener', () => {
  test('only its own path is there', async () => {
    const listener = await openCallbackListener(['http://127.0.0.1/callback'])
    after(() => listener.close())
    const { origin } = new URL(listener.redirectUri)
    assert.equal((await fetch(`${origin}/favicon.ico`)).status, 404)
    assert.equal((await fetch(`${origin}/`)).status, 404)
    assert.equal((await fetch(`${origin}/callback/`)).status, 404)
    assert.equal((await fetch(`${origin}/callback`, { method: 'POST' })).status, 405)
  })

  test('a request for another host is refused (DNS rebinding)', async () => {
    const listener = await openCallbackListener(['http://127.0.0.1/callback'])
    after(() => listener.close())
    const { request } = await import('node:http')
    const status = await new Promise<number | undefined>((resolve) => {
      const headers = { host: 'evil.example.com' }
      request({ port: listener.port, path: '/callback?code=x', headers }, (answer) => {
        answer.resume()
        resolve(answer.statusCode)
      }).end()
    })
    assert.equal(status, 400)
  })

  test('a port in a redirect is used as it is, and the next of the list where it is taken', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    const free = createServer().listen(0, '127.0.0.1')
    await Promise.all([taken, free].map((server) => new Promise((resolve) => server.once('listening', resolve))))
    after(() => taken.close())
    const { port } = taken.address() as AddressInfo
    const { port: second } = free.address() as AddressInfo
    await new Promise((resolve) => free.close(resolve))
    const redirects = [`http://127.0.0.1:${port}/cb`, `http://127.0.0.1:${second}/cb`]
    const listener = await openCallbackListener(redirects)
    after(() => listener.close())
    assert.equal(listener.redirectUri, `http://127.0.0.1:${second}/cb`)
    await assert.rejects(openCallbackListener([redirects[0] ?? '']), /EADDRINUSE/)
  })

  test('localhost is listened to on both families', async () => {
    const listener = await openCallbackListener(['http://localhost/callback'])
    after(() => listener.close())
    assert.match(listener.redirectUri, /^http:\/\/localhost:\d+\/callback$/)
    for (const host of ['127.0.0.1', '::1']) {
      const { request } = await import('node:http')
      const status = await new Promise<number | undefined>((resolve) => {
        const headers = { host: `localhost:${listener.port}` }
        request({ host, port: listener.port, path: '/', headers }, (answer) => {
          answer.resume()
          resolve(answer.statusCode)
        }).end()
      })
      assert.equal(status, 404, host)
    }
  })
})
