import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Secret } from '../../src/base/secret.ts'
import { decodeInitialResponse } from '../../src/sasl/oauthbearer.ts'
import type { TokenSource } from '../../src/tokens/token-source.ts'
import { encodeAuthenticationCleartextPassword } from '../../src/wire/authentication.ts'
import { encodeQuery } from '../../src/wire/client-messages.ts'
import { encodeNegotiateProtocolVersion } from '../../src/wire/server-messages.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { type RemoteTalk, startScriptedRemote } from '../support/scripted-remote.ts'
import { eventually, startTunnel, testProfile } from '../support/tunnel.ts'

/** Tokens that live so long, the next one from the moment that the last is near its end. */
function expiring(clock: FakeClock, seconds: number): TokenSource & { fail: boolean } {
  let nth = 0
  let until = 0
  return {
    fail: false,
    async fresh() {
      if (this.fail) throw new Error('the issuer is down')
      const now = clock.nowMs() / 1000
      if (now >= until - 60) {
        nth += 1
        until = now + seconds
      }
      return { token: new Secret(`token-${nth}`), expiresAtSeconds: until, scopes: undefined }
    },
  }
}

interface Heard {
  readonly messages: string[]
}

/** Lets in and writes down what the client sends: `p token` for a renewal, the tag for anything else. */
function listener(heard: Heard, before?: (talk: RemoteTalk) => Promise<void>) {
  return async (talk: RemoteTalk) => {
    if (before) await before(talk)
    else await talk.askForToken()
    talk.letIn()
    while (true) {
      const message = await talk.receive()
      if (message === undefined) return void talk.stream.end()
      const tag = String.fromCharCode(message.tag)
      if (tag === 'p') heard.messages.push(`p ${decodeInitialResponse(message.body).token?.reveal()}`)
      else heard.messages.push(tag)
    }
  }
}

test('a session is renewed before its token ends, while it is idle', async () => {
  const clock = new FakeClock()
  const heard: Heard = { messages: [] }
  const remote = await startScriptedRemote(listener(heard))
  const tunnel = await startTunnel(testProfile(remote.port), expiring(clock, 600), { clock })
  const client = await tunnel.client()
  client.startup()
  await client.tags()
  await clock.advance(470_000)
  assert.deepEqual(heard.messages, [])
  await clock.advance(120_000)
  await eventually(() => heard.messages.length === 1)
  assert.deepEqual(heard.messages, ['p token-2'])
  await clock.advance(600_000)
  await eventually(() => heard.messages.length === 2)
})

test('a renewal waits for the end of a message that the client has begun', async () => {
  const clock = new FakeClock()
  const heard: Heard = { messages: [] }
  const remote = await startScriptedRemote(listener(heard))
  const tunnel = await startTunnel(testProfile(remote.port), expiring(clock, 600), { clock })
  const client = await tunnel.client()
  client.startup()
  await client.tags()
  const query = encodeQuery('select 1')
  client.send(query.subarray(0, 7))
  await eventually(() => tunnel.opened.length === 1)
  await new Promise((resolve) => setTimeout(resolve, 50))
  await clock.advance(595_000)
  assert.deepEqual(heard.messages, [])
  client.send(query.subarray(7), encodeQuery('select 2'))
  await eventually(() => heard.messages.length === 3)
  assert.deepEqual(heard.messages, ['Q', 'p token-2', 'Q'])
})

test('after a laptop’s sleep past the expiry the session is renewed as soon as it wakes', async () => {
  const clock = new FakeClock()
  const heard: Heard = { messages: [] }
  const remote = await startScriptedRemote(listener(heard))
  const tunnel = await startTunnel(testProfile(remote.port), expiring(clock, 600), { clock })
  const client = await tunnel.client()
  client.startup()
  await client.tags()
  clock.suspend(3_600_000)
  await clock.advance(1)
  await eventually(() => heard.messages.length === 1)
  assert.deepEqual(heard.messages, ['p token-2'])
})

test('an issuer that is down is asked again until it is back', async () => {
  const clock = new FakeClock()
  const heard: Heard = { messages: [] }
  const remote = await startScriptedRemote(listener(heard))
  const tokens = expiring(clock, 600)
  const tunnel = await startTunnel(testProfile(remote.port), tokens, { clock })
  const client = await tunnel.client()
  client.startup()
  await client.tags()
  tokens.fail = true
  await clock.advance(545_000)
  assert.deepEqual(heard.messages, [])
  tokens.fail = false
  await clock.advance(30_000)
  await eventually(() => heard.messages.length === 1)
})

test('a remote side that does not know the option is never sent a renewal', async () => {
  const clock = new FakeClock()
  const heard: Heard = { messages: [] }
  const remote = await startScriptedRemote(
    listener(heard, async (talk) => {
      talk.send(encodeNegotiateProtocolVersion({ version: { major: 3, minor: 0 }, unknownOptions: ['_pq_.pgoauth'] }))
      await talk.askForToken()
    }),
  )
  const tunnel = await startTunnel(testProfile(remote.port), expiring(clock, 600), { clock })
  const client = await tunnel.client()
  client.startup()
  await client.tags()
  await clock.advance(3_600_000)
  client.send(encodeQuery('select 1'))
  await eventually(() => heard.messages.length === 1)
  assert.deepEqual(heard.messages, ['Q'])
})

test('a remote side that took the token as a password is never sent a renewal, though it passed over the option', async () => {
  const clock = new FakeClock()
  const heard: Heard = { messages: [] }
  const remote = await startScriptedRemote(
    listener(heard, async (talk) => {
      talk.send(encodeAuthenticationCleartextPassword())
      await talk.receive()
    }),
  )
  const tunnel = await startTunnel(testProfile(remote.port), expiring(clock, 600), { clock })
  const client = await tunnel.client()
  client.startup()
  await client.tags()
  await clock.advance(3_600_000)
  client.send(encodeQuery('select 1'))
  await eventually(() => heard.messages.length === 1)
  assert.deepEqual(heard.messages, ['Q'])
})

test('the end of a session leaves no timer behind', async () => {
  const clock = new FakeClock()
  const remote = await startScriptedRemote(listener({ messages: [] }))
  const tunnel = await startTunnel(testProfile(remote.port), expiring(clock, 600), { clock })
  const client = await tunnel.client()
  client.startup()
  await client.tags()
  client.socket.destroy()
  await eventually(() => tunnel.tunnel.connections === 0)
  assert.equal(clock.waiting, 0)
})
