import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodePasswordMessage, encodeSaslInitialResponse, encodeSaslResponse } from '../../src/wire/authentication.ts'
import { MessageWriter } from '../../src/wire/message-writer.ts'
import { testCertificates } from '../support/certificates.ts'
import { startDoor } from '../support/door.ts'
import { buildValidator, validatorMissing } from '../support/oauth-validator.ts'
import { type EmbeddedPostgres, startTestPostgres, superuserQuery } from '../support/postgres.ts'
import { RawClient, type RawMessage } from '../support/raw-client.ts'

// The same SASL messages to PostgreSQL 18's own oauth (auth-sasl.c, auth-oauth.c) and to the proxy: accepted, challenged
// and refused alike, with one SQLSTATE. Words differ: the proxy says one sentence of its own.
const door = await startDoor({
  proxyYaml: (text) => `${text}limits: { handshake_rate: 100000, token_failures: 100000 }\n`,
})
const good = await door.issuer.mint()
let postgres: EmbeddedPostgres | undefined
if (!validatorMissing) {
  const validator = buildValidator()
  postgres = await startTestPostgres({
    tls: testCertificates().server,
    settings: { oauth_validator_libraries: validator },
    hba: [
      'host all postgres 127.0.0.1/32 scram-sha-256',
      `hostssl all all 127.0.0.1/32 oauth issuer="https://id.example.com" scope="openid" validator="${validator}" delegate_ident_mapping=1`,
    ],
  })
  await superuserQuery(postgres, 'create role anybody login')
}

const word = ({ tag, body, code }: RawMessage) => (tag === 'R' ? `R${body.readInt32BE(0)}` : (code ?? tag))

/** What comes back, message by message; each `R11` is answered with the next of the responses, or with what ends it. */
async function transcript(port: number, database: string, responses: readonly Buffer[]): Promise<string> {
  const client = await RawClient.connect(port)
  try {
    client.startup({ database })
    const heard = [word(await client.next())]
    for (const response of [...responses, encodeSaslResponse(Buffer.from([1]))]) {
      client.send(response)
      heard.push(word(await client.next()))
      if (heard.at(-1) !== 'R11') break
    }
    return heard.join(' ')
  } finally {
    client.close()
  }
}

const bytes = (text: string) => Buffer.from(text, 'latin1')
const initial = (text: string) => encodeSaslInitialResponse('OAUTHBEARER', bytes(text))
const raw = (length: number | undefined, rest = '', mechanism = 'OAUTHBEARER\0') => {
  const writer = new MessageWriter().begin('p').bytes(bytes(mechanism))
  return (length === undefined ? writer : writer.int32(length)).bytes(bytes(rest)).end().finish()
}
const ofLengthWord = (length: number) => {
  const around = initial('n,,\x01auth=Bearer \x01\x01').length - 1
  return initial(`n,,\x01auth=Bearer ${'x'.repeat(length - around)}\x01\x01`)
}

/** TOKEN is one that each of them lets in. */
const MESSAGES: readonly string[] = [
  'n,,\x01auth=\x01\x01',
  'n,,\x01auth=Bearer TOKEN\x01\x01',
  'n,,\x01auth=Bearer bad\x01\x01',
  'n,,\x01auth=bearer  TOKEN\x01\x01',
  'n,,\x01auth=BEARER      TOKEN\x01\x01',
  'y,,\x01auth=Bearer TOKEN\x01\x01',
  'Y,,\x01auth=Bearer TOKEN\x01\x01',
  'p=tls-exporter,,\x01auth=Bearer TOKEN\x01\x01',
  'n,a=ada,\x01auth=Bearer TOKEN\x01\x01',
  'n,a=,\x01auth=Bearer TOKEN\x01\x01',
  'n,a\x01auth=Bearer TOKEN\x01\x01',
  'n,A=ada,\x01auth=Bearer TOKEN\x01\x01',
  'n,,\x01auth=Bearer TOKEN\x01\x01\x01',
  'n,,\x01auth=Bearer TOKEN\x01',
  'n,,\x01auth=Bearer TOKEN',
  'n,,\x01auth=Bearer TOKEN\x01x',
  'n,,\x01auth=Bearer TOKEN\x01x=y',
  'n,,\x01auth=Bearer TOKEN\x01\x01\0',
  'n,,\x01auth=Bearer \0TOKEN\x01\x01',
  'n,,auth=Bearer TOKEN\x01\x01',
  'n\x01auth=Bearer TOKEN\x01\x01',
  'n,\x01auth=Bearer TOKEN\x01\x01',
  '',
  '\x01',
  'n',
  'n,',
  'n,,',
  'n,,\x01',
  'n,,\x01\x01',
  'n,,\x01auth=Bearer\tTOKEN\x01\x01',
  'n,,\x01auth=Bearer TOKEN \x01\x01',
  'n,,\x01auth=Bearer TOKEN\n\x01\x01',
  'n,,\x01auth= Bearer TOKEN\x01\x01',
  'n,,\x01auth=Bearer\x01\x01',
  'n,,\x01auth=Bearer \x01\x01',
  'n,,\x01auth=Bearer ====\x01\x01',
  'n,,\x01auth=Bearer a=b\x01\x01',
  'n,,\x01auth=Basic dTpw\x01\x01',
  'n,,\x01Auth=Bearer TOKEN\x01\x01',
  'n,,\x01auth1=x\x01auth=Bearer TOKEN\x01\x01',
  'n,,\x01=x\x01auth=Bearer TOKEN\x01\x01',
  'n,,\x01auth\x01\x01',
  'n,,\x01auth=\x01auth=Bearer TOKEN\x01\x01',
  'n,,\x01auth=Bearer TOKEN\x01auth=Bearer TOKEN\x01\x01',
  'n,,\x01host=db\x01port=5432\x01auth=Bearer TOKEN\x01\x01',
  'n,,\x01auth=Bearer TOKEN\x01host=\x01\x01',
  'n,,\x01host=\xe9\x01auth=Bearer TOKEN\x01\x01',
  'n,,\x01host=\x7f\x01auth=Bearer TOKEN\x01\x01',
  'n,,\x01host=a\tb\r\n\x01auth=Bearer TOKEN\x01\x01',
]

const EXCHANGES: Readonly<Record<string, (token: string) => Buffer[]>> = {
  ...Object.fromEntries(
    MESSAGES.map((text) => [JSON.stringify(text), (token: string) => [initial(text.replaceAll('TOKEN', token))]]),
  ),
  'another mechanism': () => [encodeSaslInitialResponse('SCRAM-SHA-256', bytes('n,,'))],
  'the mechanism in lower case': (token) => [
    encodeSaslInitialResponse('oauthbearer', bytes(`n,,\x01auth=Bearer ${token}\x01\x01`)),
  ],
  'no mechanism': () => [raw(0, '', '\0')],
  'a mechanism without its NUL': () => [raw(undefined, '', 'OAUTHBEARER')],
  'no length': () => [raw(undefined)],
  'a length of -2': () => [raw(-2)],
  'a length beyond the message': () => [raw(50, 'x')],
  'a length short of the message': () => [raw(1, 'xyz')],
  'no initial response, then a good one': (token) => [
    raw(-1),
    encodeSaslResponse(bytes(`n,,\x01auth=Bearer ${token}\x01\x01`)),
  ],
  'no initial response, then nothing': () => [raw(-1), encodeSaslResponse(bytes(''))],
  'no initial response, and bytes behind it': () => [raw(-1, 'x')],
  'a second initial response behind the challenge': (token) => [
    initial('n,,\x01auth=\x01\x01'),
    initial(`n,,\x01auth=Bearer ${token}\x01\x01`),
  ],
  'a token behind the challenge': (token) => [
    initial('n,,\x01auth=\x01\x01'),
    encodeSaslResponse(bytes(`n,,\x01auth=Bearer ${token}\x01\x01`)),
  ],
  'an empty response to the challenge': () => [initial('n,,\x01auth=\x01\x01'), encodeSaslResponse(bytes(''))],
  'a NUL to the challenge': () => [initial('n,,\x01auth=\x01\x01'), encodeSaslResponse(bytes('\0'))],
  'two separators to the challenge': () => [initial('n,,\x01auth=\x01\x01'), encodeSaslResponse(bytes('\x01\x01'))],
  'a Query': () => [bytes('Q\0\0\0\x05\0')],
  'a Terminate': () => [bytes('X\0\0\0\x04')],
  'a PasswordMessage': () => [encodePasswordMessage('x')],
  'a message of 65,535 bytes': () => [ofLengthWord(65_535)],
}

for (const [name, responses] of Object.entries(EXCHANGES)) {
  test(`as PostgreSQL’s oauth answers it: ${name}`, { skip: validatorMissing }, async () => {
    const theirs = await transcript(postgres?.port ?? 0, 'postgres', responses('good-token'))
    assert.equal(await transcript(door.port, 'app', responses(good)), theirs)
  })
}

test('a message whose length word says 65,536 is read by neither', { skip: validatorMissing }, async () => {
  assert.equal(await transcript(postgres?.port ?? 0, 'postgres', [ofLengthWord(65_536)]), 'R10 28000')
  assert.equal(await transcript(door.port, 'app', [ofLengthWord(65_536)]), 'R10 08P01')
})
