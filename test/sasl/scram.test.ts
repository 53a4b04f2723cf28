import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Secret } from '../../src/base/secret.ts'
import { makeScramVerifier, ScramClient, type ScramKeyCache, ScramServer } from '../../src/sasl/scram.ts'

const password = new Secret('pencil')

async function exchange(client: ScramClient, server: ScramServer): Promise<boolean> {
  const end = server.finish(await client.respond(server.first(client.first())))
  if (end.ok) client.finish(end.serverFinal)
  return end.ok
}

test('the right password gets in, and the server proves that it knows it', async () => {
  const verifier = await makeScramVerifier(password)
  assert.equal(await exchange(new ScramClient({ password }), new ScramServer(verifier)), true)
})

test('a wrong password is an answer, not an error', async () => {
  const verifier = await makeScramVerifier(new Secret('other'))
  assert.equal(await exchange(new ScramClient({ password }), new ScramServer(verifier)), false)
})

test('keys are derived once for one salt', async () => {
  const cache: ScramKeyCache = new Map()
  const verifier = await makeScramVerifier(password)
  for (let time = 0; time < 3; time++) {
    assert.equal(await exchange(new ScramClient({ password, cache }), new ScramServer(verifier)), true)
  }
  assert.equal(cache.size, 1)
})

test('a server that invents salts cannot fill the cache', async () => {
  const cache: ScramKeyCache = new Map()
  for (let time = 0; time < 20; time++) {
    const verifier = await makeScramVerifier(password, 1)
    await exchange(new ScramClient({ password, cache }), new ScramServer(verifier))
  }
  assert.ok(cache.size <= 8)
})

test('the exchange of RFC 7677 section 3 comes out as printed, but for the user name', async () => {
  // The RFC's client sends n=user; PostgreSQL's clients send n=, and then proof and signature are these.
  const client = new ScramClient({ password, nonce: 'rOprNGfwEbeRWgbNEkqO' })
  assert.equal(client.first().toString(), 'n,,n=,r=rOprNGfwEbeRWgbNEkqO')
  const final = await client.respond(
    Buffer.from('r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096'),
  )
  assert.match(final.toString(), /^c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj\)hNlF\$k0,p=[A-Za-z0-9+/]{43}=$/)
})

for (const [name, serverFirst] of Object.entries({
  'a nonce that is not ours': 'r=other,s=YQ==,i=1',
  'our nonce and nothing more': 'r=mine,s=YQ==,i=1',
  'no iterations': 'r=mine1,s=YQ==',
  'no salt': 'r=mine1,s=,i=1',
  'zero iterations': 'r=mine1,s=YQ==,i=0',
  'too many iterations': 'r=mine1,s=YQ==,i=2000000000',
  'an extension that must be understood': 'm=x,r=mine1,s=YQ==,i=1',
})) {
  test(`the client refuses ${name}`, async () => {
    const client = new ScramClient({ password, nonce: 'mine' })
    await assert.rejects(client.respond(Buffer.from(serverFirst)), { code: 'SERVER_BAD' })
  })
}

test('the client refuses a server that cannot prove itself', async () => {
  const client = new ScramClient({ password, nonce: 'mine' })
  await client.respond(Buffer.from('r=mine1,s=YQ==,i=1'))
  assert.throws(() => client.finish(Buffer.from(`v=${Buffer.alloc(32).toString('base64')}`)), { code: 'SERVER_BAD' })
  assert.throws(() => client.finish(Buffer.from('e=other-error')), { code: 'SERVER_BAD' })
  assert.throws(() => client.finish(Buffer.from('')), { code: 'SERVER_BAD' })
})

test('a server-final before the server-first proves nothing', () => {
  const client = new ScramClient({ password })
  assert.throws(() => client.finish(Buffer.from(`v=${Buffer.alloc(32).toString('base64')}`)), { code: 'SERVER_BAD' })
})

for (const [name, clientFirst, code] of [
  ['channel binding', 'p=tls-server-end-point,,n=,r=abc', 'BAD_SCRAM'],
  ['an authorization identity', 'n,a=x,n=,r=abc', 'AUTHZID_REFUSED'],
  ['no nonce', 'n,,n=,r=', 'BAD_SCRAM'],
  ['nothing', '', 'BAD_SCRAM'],
] as const) {
  test(`the server refuses a first message with ${name}`, async () => {
    const server = new ScramServer(await makeScramVerifier(password, 1))
    assert.throws(() => server.first(Buffer.from(clientFirst)), { code })
  })
}

test('the server refuses a final message for another header, nonce, or with a short proof', async () => {
  const verifier = await makeScramVerifier(password, 1)
  const proof = Buffer.alloc(32).toString('base64')
  for (const final of [
    `c=eSws,r=abcdef,p=${proof}`,
    `c=biws,r=abcxyz,p=${proof}`,
    'c=biws,r=abcdef,p=YQ==',
    'c=biws',
    '',
  ]) {
    const server = new ScramServer(verifier, 'def')
    server.first(Buffer.from('n,,n=,r=abc'))
    assert.throws(() => server.finish(Buffer.from(final)), { code: 'BAD_SCRAM' }, final)
  }
})

test('a final message without a first is refused', async () => {
  const server = new ScramServer(await makeScramVerifier(password, 1), '')
  assert.throws(() => server.finish(Buffer.from(`c=,r=,p=${Buffer.alloc(32).toString('base64')}`)), {
    code: 'BAD_SCRAM',
  })
})

test('a password that SASLprep changes is prepared as PostgreSQL does', async () => {
  const verifier = await makeScramVerifier(new Secret('\u00aax\u00ad y'), 1)
  assert.equal(await exchange(new ScramClient({ password: new Secret('ax\u00a0y') }), new ScramServer(verifier)), true)
})
