import assert from 'node:assert/strict'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, test } from 'node:test'
import { browse, startTestIssuer } from '../support/issuer.ts'
import { openLaptop, profileFor } from '../support/laptop.ts'
import { startScriptedIssuer } from '../support/scripted-issuer.ts'

const SCOPES = 'scopes: [openid, offline_access, orders:read, orders:write]\n'

test('a device login gives a token for the asked scopes', async () => {
  const issuer = await startTestIssuer({ settings: { scopes: ['orders:read', 'orders:write'] } })
  const laptop = openLaptop(profileFor(issuer, SCOPES))
  const { code, said } = await laptop.login(issuer)
  assert.equal(code, 0, said)
  assert.match(said, /logged in to prod as ada/)
  assert.doesNotMatch(said, /did not grant/)
  const { stdout, stderr } = await laptop.run(['token', '--claims'])
  const { sub, scope, aud } = JSON.parse(stdout)
  assert.deepEqual(
    { sub, scope, aud, stderr },
    { sub: 'ada', scope: 'orders:read orders:write', aud: 'postgres://demo', stderr: '' },
  )
})

test('scopes that the issuer did not grant are named, at login and in status', async () => {
  const accounts = [{ subject: 'grace', scopes: ['orders:read'] }]
  const issuer = await startTestIssuer({ settings: { scopes: ['orders:read', 'orders:write'], accounts } })
  const laptop = openLaptop(profileFor(issuer, SCOPES))
  const { code, said } = await laptop.login(issuer, 'grace')
  assert.equal(code, 0)
  assert.match(said, /! the issuer did not grant: orders:write$/m)
  const [status] = JSON.parse((await laptop.run(['status', '--json'])).stdout)
  assert.deepEqual(status.missing_scopes, ['orders:write'])
})

test('a request that the person declines ends with exit code 4', async () => {
  const issuer = await startTestIssuer()
  const laptop = openLaptop(profileFor(issuer))
  const command = laptop.start(['login', '--device'])
  const [address] = await command.says(/http:\/\/\S+user_code=\S+/)
  const ended = new Promise<number | null>((resolve) => command.process.once('close', resolve))
  await browse(address, { account: 'ada', refuse: true })
  assert.equal(await ended, 4)
  assert.match(command.lines.join('\n'), /login was denied: .* declined/)
})

test('a code that nobody enters expires with exit code 3', async () => {
  const issuer = await startTestIssuer({ settings: { deviceCodeSeconds: 2 } })
  const { code, stderr } = await openLaptop(profileFor(issuer)).run(['login', '--device'])
  assert.equal(code, 3)
  assert.match(stderr, /login was not completed in time: the code expired/)
  assert.match(stderr, /it is good for 2 s/)
})

for (const [why, env] of [
  ['without a display', {}],
  ['over SSH', { SSH_CONNECTION: '198.51.100.7 50000 203.0.113.5 22', DISPLAY: ':0' }],
  ['in CI', { CI: 'true', DISPLAY: ':0' }],
] as const) {
  test(`the device flow is chosen by itself ${why}`, async () => {
    const issuer = await startTestIssuer()
    const command = openLaptop(profileFor(issuer), env).start(['login'])
    await command.says(/enter the code/)
    await command.end()
  })
}

/** An issuer whose device flow answers as a script says, and notes when it was asked. */
async function scriptedIssuer(answers: readonly { status?: number; body: object; cut?: boolean }[]) {
  const asked: number[] = []
  const server: Server = createServer((request, response) => {
    const here = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const send = (status: number, body: object) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    if (request.url === '/device') {
      return send(200, {
        device_code: 'd',
        user_code: 'ABCD\u001b[31m',
        verification_uri: `${here}/enter`,
        expires_in: 60,
        interval: 1,
      })
    }
    if (request.url !== '/token') {
      return send(200, {
        issuer: here,
        token_endpoint: `${here}/token`,
        device_authorization_endpoint: `${here}/device`,
        response_types_supported: ['code'],
      })
    }
    asked.push(performance.now())
    const answer = answers[Math.min(asked.length, answers.length) - 1]
    if (answer?.cut) request.socket.destroy()
    else send(answer?.status ?? 400, answer?.body ?? {})
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  after(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked }
}

const TOKEN = { status: 200, body: { access_token: 'opaque', token_type: 'Bearer', expires_in: 300 } }

test('slow_down is obeyed: five seconds more between questions', async () => {
  const issuer = await scriptedIssuer([
    { body: { error: 'authorization_pending' } },
    { body: { error: 'slow_down' } },
    TOKEN,
  ])
  const { code, stderr } = await openLaptop(profileFor(issuer)).run(['login', '--device'])
  assert.equal(code, 0, stderr)
  const [first = 0, second = 0, third = 0] = issuer.asked
  // One second at first, then six, however late a busy machine wakes up.
  assert.ok(second - first < 5500, `${second - first}`)
  assert.ok(third - second > 5900, `${third - second}`)
  assert.match(stderr, /did not grant: offline_access/)
})

test('a connection that breaks while waiting is tried again', async () => {
  const issuer = await scriptedIssuer([{ body: {}, cut: true }, TOKEN])
  const { code, stderr } = await openLaptop(profileFor(issuer)).run(['login', '--device'])
  assert.equal(code, 0, stderr)
  assert.equal(issuer.asked.length, 2)
})

test('expired_token from the issuer is a time-out, not a failure', async () => {
  const issuer = await scriptedIssuer([{ body: { error: 'expired_token' } }])
  const { code, stderr } = await openLaptop(profileFor(issuer)).run(['login', '--device'])
  assert.equal(code, 3)
  assert.match(stderr, /the code expired/)
})

test('escape sequences of an issuer do not reach the terminal', async () => {
  const issuer = await scriptedIssuer([{ body: { error: 'access_denied', error_description: '\u001b]0;pwned\u0007' } }])
  const { stderr } = await openLaptop(profileFor(issuer)).run(['login', '--device'])
  assert.match(stderr, /ABCD\?\[31m/)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what is looked for
  assert.doesNotMatch(stderr, /[\u0000-\u0009\u000b-\u001f]/)
})

test('a web page where the issuer should answer is called one', async () => {
  const page = await startScriptedIssuer()
  page.on('/.well-known/openid-configuration', (response) =>
    response.setHeader('content-type', 'text/html; charset=utf-8').end('<!doctype html><p>Log in to Wi-Fi'),
  )
  const { code, stderr } = await openLaptop(profileFor(page)).run(['login', '--device'])
  assert.equal(code, 1)
  assert.match(stderr, /answered text\/html, where an issuer answers JSON/)
})

test('an opaque token has no claims, and that is said', async () => {
  const issuer = await scriptedIssuer([TOKEN])
  const laptop = openLaptop(profileFor(issuer))
  await laptop.run(['login', '--device'])
  assert.equal((await laptop.run(['token'])).stdout, 'opaque\n')
  const { code, stdout, stderr } = await laptop.run(['token', '--claims'])
  assert.deepEqual({ code, stdout }, { code: 1, stdout: '' })
  assert.match(stderr, /is opaque/)
})
