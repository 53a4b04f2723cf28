import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PgoauthError } from '../../src/base/errors.ts'
import {
  encodeAuthenticationCleartextPassword,
  encodeAuthenticationOk,
  encodeAuthenticationSasl,
  encodeAuthenticationSaslContinue,
  parsePasswordMessage,
} from '../../src/wire/authentication.ts'
import { encodeQuery } from '../../src/wire/client-messages.ts'
import { encodeErrorResponse } from '../../src/wire/error-response.ts'
import { encodeNegotiateProtocolVersion, parseNegotiateProtocolVersion } from '../../src/wire/server-messages.ts'
import { encodeGssencRequest, encodeSslRequest } from '../../src/wire/startup.ts'
import { type RemoteTalk, startScriptedRemote } from '../support/scripted-remote.ts'
import { startTunnel, testProfile, tokensInTurn } from '../support/tunnel.ts'

async function letIn(talk: RemoteTalk): Promise<void> {
  await talk.askForToken()
  talk.letIn()
}

test('the token goes into OAUTHBEARER as libpq 18 writes it', async () => {
  let said = ''
  const remote = await startScriptedRemote(async (talk) => {
    said = await talk.askForToken()
    talk.letIn()
  })
  const tunnel = await startTunnel(testProfile(remote.port), tokensInTurn('the.access.token'))
  const client = await tunnel.client()
  client.startup()
  assert.equal(await client.tags(), 'RSSKZ')
  assert.equal(said, 'n,,\x01auth=Bearer the.access.token\x01\x01')
})

test('SSLRequest and GSSENCRequest are answered N, and the startup follows on the same connection', async () => {
  const remote = await startScriptedRemote(letIn)
  const tunnel = await startTunnel(testProfile(remote.port))
  const client = await tunnel.client()
  client.send(encodeGssencRequest())
  assert.equal(await client.byte(), 'N')
  client.send(encodeSslRequest())
  assert.equal(await client.byte(), 'N')
  client.startup()
  assert.equal(await client.tags(), 'RSSKZ')
})

test('user, database, options and application_name of the client reach the remote side', async () => {
  const remote = await startScriptedRemote(letIn)
  const tunnel = await startTunnel(testProfile(remote.port))
  const client = await tunnel.client()
  client.startup({ user: 'ada', database: 'app', options: '-c geqo=off', application_name: 'psql' })
  await client.tags()
  const { parameters } = remote.startups[0] ?? { parameters: new Map() }
  assert.deepEqual(
    [parameters.get('user'), parameters.get('database'), parameters.get('options'), parameters.get('application_name')],
    ['ada', 'app', '-c geqo=off', 'psql'],
  )
})

test('a refused token is answered with the dummy response and replaced once, on a new connection', async () => {
  const said: string[] = []
  const dummies: (Buffer | undefined)[] = []
  const remote = await startScriptedRemote(async (talk, nth) => {
    said.push(await talk.askForToken())
    if (nth === 1) dummies.push(await talk.refuseToken())
    else talk.letIn()
  })
  const tunnel = await startTunnel(testProfile(remote.port), tokensInTurn('old', 'new'))
  const client = await tunnel.client()
  client.startup()
  assert.equal(await client.tags(), 'RSSKZ')
  assert.deepEqual(said, ['n,,\x01auth=Bearer old\x01\x01', 'n,,\x01auth=Bearer new\x01\x01'])
  assert.deepEqual(dummies, [Buffer.from([1])])
})

test('a token that is refused twice ends in 28000, with the remote side’s words and the command to run', async () => {
  const remote = await startScriptedRemote(async (talk) => {
    await talk.askForToken()
    await talk.refuseToken()
  })
  const tunnel = await startTunnel(testProfile(remote.port), tokensInTurn('old', 'new'))
  const client = await tunnel.client()
  client.startup()
  const error = await client.error()
  assert.equal(error.get('C'), '28000')
  assert.match(
    error.get('M') ?? '',
    /refused the login of profile prod: OAuth bearer authentication failed for user "ada"/,
  )
  assert.match(error.get('H') ?? '', /pgoauth login prod/)
  assert.equal(remote.startups.length, 2)
})

test('a second client right after that costs no further refresh', async () => {
  const remote = await startScriptedRemote(async (talk) => {
    await talk.askForToken()
    await talk.refuseToken()
  })
  const tunnel = await startTunnel(testProfile(remote.port), tokensInTurn('old', 'new'))
  for (let round = 0; round < 2; round++) {
    const client = await tunnel.client()
    client.startup()
    await client.error()
  }
  assert.equal(remote.startups.length, 3)
})

test('after a refusal the terminal is told what the token itself says', async () => {
  const remote = await startScriptedRemote(async (talk) => {
    await talk.askForToken()
    await talk.refuseToken()
  })
  const claims = { iss: 'https://other.example.com', aud: 'postgres://test', exp: 1, scope: 'openid' }
  const jwt = `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.x`
  const tunnel = await startTunnel(testProfile(remote.port), tokensInTurn(jwt))
  const client = await tunnel.client()
  client.startup()
  await client.error()
  const facts = tunnel.refused[0]?.facts.join('\n') ?? ''
  assert.match(facts, /issuer: https:\/\/other.example.com \(the profile's is https:\/\/id.example.com\)/)
  assert.match(facts, /audience: postgres:\/\/test \(asked for: postgres:\/\/prod\)/)
  assert.match(facts, /expires: 1970-01-01T00:00:01.000Z, \d+ s ago/)
  assert.match(facts, /scopes asked for: openid orders:read/)
  assert.match(facts, /scopes granted: openid$/m)
  assert.match(facts, /scopes the remote side names: openid orders:read/)
  assert.ok(!facts.includes(jwt))
})

test('a login that only a person can renew is 28000 and names the command', async () => {
  const remote = await startScriptedRemote(letIn)
  const needed = new PgoauthError('LOGIN_NEEDED', {
    detail: 'the login to "prod" has expired',
    fix: 'pgoauth login prod',
  })
  const tunnel = await startTunnel(testProfile(remote.port), tokensInTurn(needed))
  const client = await tunnel.client()
  client.startup()
  const error = await client.error()
  assert.equal(error.get('C'), '28000')
  assert.match(error.get('M') ?? '', /login needed: the login to "prod" has expired/)
  assert.equal(error.get('H'), 'pgoauth login prod')
  assert.equal(remote.startups.length, 0)
})

test('a remote side that is not there is 08001 and says where it was looked for', async () => {
  const remote = await startScriptedRemote(letIn)
  await remote.close()
  const tunnel = await startTunnel(testProfile(remote.port))
  const client = await tunnel.client()
  client.startup()
  const error = await client.error()
  assert.equal(error.get('C'), '08001')
  assert.match(error.get('M') ?? '', new RegExp(`127.0.0.1:${remote.port}: connection refused`))
  assert.match(error.get('H') ?? '', /check host, port and network .*; pgoauth doctor prod/)
})

test('what a remote side that has taken the token says of something else is no refusal of the token', async () => {
  const remote = await startScriptedRemote(async (talk) => {
    await talk.askForToken()
    talk.stream.end(encodeErrorResponse({ severity: 'FATAL', code: '3D000', message: 'database does not exist' }))
  })
  const tokens = tokensInTurn('token', 'another')
  const tunnel = await startTunnel(testProfile(remote.port), tokens)
  const client = await tunnel.client()
  client.startup({ user: 'ada', database: 'nope' })
  const error = await client.error()
  assert.deepEqual([error.get('C'), error.get('M'), error.get('H')], ['3D000', 'database does not exist', undefined])
  assert.equal(remote.startups.length, 1)
  const [refused] = tunnel.refused
  assert.deepEqual([refused?.error.code, refused?.facts, refused?.database], ['SERVER_REFUSED', [], 'nope'])
  assert.equal(tunnel.tunnel.lastAttempt, 'SERVER_REFUSED')
})

for (const [flow, fix] of [
  ['token_file', /check token_file/],
  ['exec', /check "exec"/],
  ['client_credentials', /check what the issuer grants to client pgoauth/],
  ['device', /pgoauth login prod/],
] as const) {
  test(`a refused token of flow ${flow} comes with its own way on`, async () => {
    const remote = await startScriptedRemote(async (talk) => {
      await talk.askForToken()
      await talk.refuseToken()
    })
    const tunnel = await startTunnel(testProfile(remote.port, { flow }))
    const client = await tunnel.client()
    client.startup()
    assert.match((await client.error()).get('H') ?? '', fix)
    assert.match(tunnel.refused[0]?.error.fix ?? '', fix)
  })
}

test('a refused token is said to be wanted from another issuer only where that is so', async () => {
  const ISSUER = 'https://id.example.com'
  const documents: [string, boolean][] = [
    ['https://id.example.com/.well-known/openid-configuration', false],
    ['https://id.example.com/.well-known/oauth-authorization-server', false],
    ['https://id.example.com.evil.example/.well-known/openid-configuration', true],
    ['https://id.example.com/other/.well-known/openid-configuration', true],
    ['no address', true],
  ]
  for (const [document, isOther] of documents) {
    const remote = await startScriptedRemote(async (talk) => {
      await talk.askForToken()
      await talk.refuseToken({ status: 'invalid_token', 'openid-configuration': document })
    })
    const tunnel = await startTunnel(testProfile(remote.port, { issuer: ISSUER }))
    const client = await tunnel.client()
    client.startup()
    await client.error()
    const facts = tunnel.refused[0]?.facts.join('\n') ?? ''
    assert.equal(/the remote side trusts another issuer/.test(facts), isOther, document)
  }
})

test('a remote side’s own error before the token is passed on as it came', async () => {
  const remote = await startScriptedRemote((talk) => {
    talk.stream.end(
      encodeErrorResponse({ severity: 'FATAL', code: '53300', message: 'sorry, too many clients already' }),
    )
  })
  const tunnel = await startTunnel(testProfile(remote.port))
  const client = await tunnel.client()
  client.startup()
  const error = await client.error()
  assert.deepEqual([error.get('C'), error.get('M')], ['53300', 'sorry, too many clients already'])
  assert.equal(remote.startups.length, 1)
})

test('a remote side’s own error after the token was accepted is passed on as it came', async () => {
  const remote = await startScriptedRemote(async (talk) => {
    await talk.askForToken()
    const error = encodeErrorResponse({ severity: 'FATAL', code: '3D000', message: 'database "x" does not exist' })
    talk.stream.end(Buffer.concat([encodeAuthenticationOk(), error]))
  })
  const tunnel = await startTunnel(testProfile(remote.port))
  const client = await tunnel.client()
  client.startup()
  assert.equal((await client.error()).get('C'), '3D000')
})

test('the renewal option is asked for, and its refusal kept from the client', async () => {
  const remote = await startScriptedRemote(async (talk) => {
    talk.send(encodeNegotiateProtocolVersion({ version: { major: 3, minor: 0 }, unknownOptions: ['_pq_.pgoauth'] }))
    await letIn(talk)
  })
  const tunnel = await startTunnel(testProfile(remote.port))
  const client = await tunnel.client()
  client.startup()
  assert.equal(await client.tags(), 'RSSKZ')
  assert.equal(remote.startups[0]?.parameters.get('_pq_.pgoauth'), '1')
})

test('an option of the client’s own that the remote side does not know is told to the client', async () => {
  const remote = await startScriptedRemote(async (talk) => {
    const unknownOptions = ['_pq_.pgoauth', '_pq_.other']
    talk.send(encodeNegotiateProtocolVersion({ version: { major: 3, minor: 0 }, unknownOptions }))
    await letIn(talk)
  })
  const tunnel = await startTunnel(testProfile(remote.port))
  const client = await tunnel.client()
  client.startup({ user: 'ada', '_pq_.other': 'x' })
  const message = await client.receive()
  assert.equal(message?.tag, 0x76)
  assert.deepEqual(parseNegotiateProtocolVersion(message.body), {
    version: { major: 3, minor: 0 },
    unknownOptions: ['_pq_.other'],
  })
})

test('protocol 3.2 is asked for on behalf of a client that asks, and long cancel keys pass', async () => {
  const key = { processId: 1, secretKey: Buffer.alloc(32, 7) }
  const remote = await startScriptedRemote(async (talk) => {
    await talk.askForToken()
    talk.letIn(key)
  })
  const tunnel = await startTunnel(testProfile(remote.port))
  const client = await tunnel.client()
  client.startup({ user: 'ada' }, 2)
  assert.equal(await client.tags(), 'RSSKZ')
  assert.equal(remote.startups[0]?.version.minor, 2)
})

test('a client that asks for a newer protocol than there is gets the newest that both sides have', async () => {
  const remote = await startScriptedRemote(letIn)
  const tunnel = await startTunnel(testProfile(remote.port))
  const client = await tunnel.client()
  client.startup({ user: 'ada' }, 9999)
  const message = await client.receive()
  assert.equal(message?.tag, 0x76)
  assert.deepEqual(parseNegotiateProtocolVersion(message.body), { version: { major: 3, minor: 2 }, unknownOptions: [] })
  assert.equal(remote.startups[0]?.version.minor, 2)
})

test('a remote side with an older protocol is believed, and the client told', async () => {
  const remote = await startScriptedRemote(async (talk) => {
    talk.send(encodeNegotiateProtocolVersion({ version: { major: 3, minor: 0 }, unknownOptions: ['_pq_.pgoauth'] }))
    await letIn(talk)
  })
  const tunnel = await startTunnel(testProfile(remote.port))
  const client = await tunnel.client()
  client.startup({ user: 'ada' }, 2)
  const message = await client.receive()
  assert.deepEqual(parseNegotiateProtocolVersion(message?.body ?? Buffer.alloc(0)), {
    version: { major: 3, minor: 0 },
    unknownOptions: [],
  })
})

test('a remote side that rejects the startup for the option is asked again without it', async () => {
  const remote = await startScriptedRemote(async (talk) => {
    if (!talk.startup.parameters.has('_pq_.pgoauth')) return letIn(talk)
    const message = 'unsupported startup parameter: _pq_.pgoauth'
    talk.stream.end(encodeErrorResponse({ severity: 'FATAL', code: '08P01', message }))
  })
  const tunnel = await startTunnel(testProfile(remote.port))
  for (let round = 0; round < 2; round++) {
    const client = await tunnel.client()
    client.startup()
    assert.equal(await client.tags(), 'RSSKZ')
  }
  assert.equal(remote.startups.length, 3, 'the second client asks without it at once')
})

test('a remote side that just closes on the option is asked again without it', async () => {
  const remote = await startScriptedRemote(async (talk) => {
    if (talk.startup.parameters.has('_pq_.pgoauth')) talk.stream.end()
    else await letIn(talk)
  })
  const tunnel = await startTunnel(testProfile(remote.port))
  const client = await tunnel.client()
  client.startup()
  assert.equal(await client.tags(), 'RSSKZ')
})

for (const [name, request, pattern] of [
  ['SCRAM', encodeAuthenticationSasl(['SCRAM-SHA-256-PLUS', 'SCRAM-SHA-256']), /SCRAM-SHA-256-PLUS, SCRAM-SHA-256/],
  ['md5', Buffer.from('R\0\0\0\x0c\0\0\0\x05salt', 'latin1'), /an md5 password/],
  ['GSSAPI', Buffer.from('R\0\0\0\x08\0\0\0\x07', 'latin1'), /GSSAPI/],
  ['nothing', encodeAuthenticationOk(), /nothing at all/],
] as const) {
  test(`a remote side that asks for ${name} sees no token, and the error names what it asked for`, async () => {
    let answer: unknown = 'not yet'
    const remote = await startScriptedRemote(async (talk) => {
      talk.send(request)
      answer = await talk.receive()
    })
    const tunnel = await startTunnel(testProfile(remote.port))
    const client = await tunnel.client()
    client.startup()
    const error = await client.error()
    assert.equal(error.get('C'), '28000')
    assert.match(error.get('M') ?? '', pattern)
    assert.equal(answer, undefined)
  })
}

test('a remote side that asks for a cleartext password is given the token', async () => {
  let password = ''
  const remote = await startScriptedRemote(async (talk) => {
    talk.send(encodeAuthenticationCleartextPassword())
    password = parsePasswordMessage((await talk.receive())?.body ?? Buffer.alloc(0))
    talk.letIn()
  })
  const tunnel = await startTunnel(testProfile(remote.port), tokensInTurn('tok'))
  const client = await tunnel.client()
  client.startup()
  assert.equal(await client.tags(), 'RSSKZ')
  assert.equal(password, 'tok')
})

test('auth: oauthbearer refuses to send the token as a password', async () => {
  let answer: unknown = 'not yet'
  const remote = await startScriptedRemote(async (talk) => {
    talk.send(encodeAuthenticationCleartextPassword())
    answer = await talk.receive()
  })
  const tunnel = await startTunnel(testProfile(remote.port, { auth: 'oauthbearer' }))
  const client = await tunnel.client()
  client.startup()
  assert.match((await client.error()).get('M') ?? '', /a password, which auth: oauthbearer excludes/)
  assert.equal(answer, undefined)
})

test('auth: password refuses to send the token by OAUTHBEARER', async () => {
  let answer: unknown = 'not yet'
  const remote = await startScriptedRemote(async (talk) => {
    talk.send(encodeAuthenticationSasl(['OAUTHBEARER']))
    answer = await talk.receive()
  })
  const tunnel = await startTunnel(testProfile(remote.port, { auth: 'password' }))
  const client = await tunnel.client()
  client.startup()
  assert.match((await client.error()).get('M') ?? '', /OAUTHBEARER, which auth: password excludes/)
  assert.equal(answer, undefined)
})

test('a second challenge after the token is a broken protocol, not a second token', async () => {
  const remote = await startScriptedRemote(async (talk) => {
    await talk.askForToken()
    talk.send(encodeAuthenticationCleartextPassword())
  })
  const tunnel = await startTunnel(testProfile(remote.port))
  const client = await tunnel.client()
  client.startup()
  assert.equal((await client.error()).get('C'), '08P01')
})

test('an error challenge that is no JSON does not take the tunnel down', async () => {
  const remote = await startScriptedRemote(async (talk, nth) => {
    await talk.askForToken()
    if (nth === 1) talk.send(encodeAuthenticationSaslContinue(Buffer.from('<html>')))
    else talk.letIn()
  })
  const tunnel = await startTunnel(testProfile(remote.port))
  const first = await tunnel.client()
  first.startup()
  assert.equal((await first.error()).get('C'), '08P01')
  const second = await tunnel.client()
  second.startup()
  assert.equal(await second.tags(), 'RSSKZ')
})

test('bytes pass both ways once the session runs', async () => {
  const remote = await startScriptedRemote(async (talk) => {
    await letIn(talk)
    const message = await talk.receive()
    talk.send(Buffer.from('echo:'), message?.bytes ?? Buffer.alloc(0))
    talk.stream.end()
  })
  const tunnel = await startTunnel(testProfile(remote.port))
  const client = await tunnel.client()
  client.startup()
  await client.tags()
  client.send(encodeQuery('select 1'))
  assert.equal((await client.rest()).toString('latin1'), `echo:${encodeQuery('select 1').toString('latin1')}`)
})
