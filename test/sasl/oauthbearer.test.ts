import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PgoauthError } from '../../src/base/errors.ts'
import { Secret } from '../../src/base/secret.ts'
import {
  decodeErrorChallenge,
  decodeInitialResponse,
  encodeErrorChallenge,
  encodeInitialResponse,
} from '../../src/sasl/oauthbearer.ts'

const decode = (text: string) => decodeInitialResponse(Buffer.from(text, 'latin1'))
const codeOf = (run: () => unknown): string => {
  try {
    run()
  } catch (error) {
    if (error instanceof PgoauthError) return error.code
    throw error
  }
  return 'accepted'
}

test('what the client writes is what libpq 18 writes', () => {
  assert.equal(encodeInitialResponse(new Secret('abc')).toString('latin1'), 'n,,\x01auth=Bearer abc\x01\x01')
})

test('without a token the client asks for discovery', () => {
  const bytes = encodeInitialResponse(undefined)
  assert.equal(bytes.toString('latin1'), 'n,,\x01auth=\x01\x01')
  assert.deepEqual(decodeInitialResponse(bytes), { token: undefined })
})

const ACCEPTED: Record<string, string> = {
  'the plain form': 'n,,\x01auth=Bearer a.b-c_d~e+f/g==\x01\x01',
  'the y flag': 'y,,\x01auth=Bearer t\x01\x01',
  'a scheme in any case': 'n,,\x01auth=bEaReR t\x01\x01',
  'several spaces after the scheme': 'n,,\x01auth=Bearer    t\x01\x01',
  'pairs that are not known': 'n,,\x01host=db\x01auth=Bearer t\x01port=5432\x01\x01',
  'an unknown pair with an equals sign in its value': 'n,,\x01x=a=b\x01auth=Bearer t\x01\x01',
  'an empty value of an unknown pair': 'n,,\x01x=\x01auth=Bearer t\x01\x01',
}
for (const [name, message] of Object.entries(ACCEPTED)) {
  test(`accepted: ${name}`, () => assert.ok(decode(message).token instanceof Secret))
}

const MALFORMED: Record<string, string> = {
  'nothing at all': '',
  'a lone separator': '\x01',
  'a NUL inside': 'n,,\x01auth=Bearer t\x01\x01\0',
  'channel binding': 'p=tls-server-end-point,,\x01auth=Bearer t\x01\x01',
  'an unknown flag': 'x,,\x01auth=Bearer t\x01\x01',
  'a flag in capitals': 'N,,\x01auth=Bearer t\x01\x01',
  'no comma after the flag': 'n\x01auth=Bearer t\x01\x01',
  'one comma': 'n,\x01auth=Bearer t\x01\x01',
  'an attribute that is no authzid': 'n,b=x,\x01auth=Bearer t\x01\x01',
  'no separator after the header': 'n,,auth=Bearer t\x01\x01',
  'no final separator': 'n,,\x01auth=Bearer t\x01',
  'no separator after the pair': 'n,,\x01auth=Bearer t',
  'bytes after the end': 'n,,\x01auth=Bearer t\x01\x01x',
  'no auth pair': 'n,,\x01host=db\x01\x01',
  'no pair': 'n,,\x01\x01',
  'nothing after the header': 'n,,\x01',
  'two auth pairs': 'n,,\x01auth=Bearer t\x01auth=Bearer t\x01\x01',
  'a key without a value': 'n,,\x01auth\x01\x01',
  'an empty key': 'n,,\x01=x\x01auth=Bearer t\x01\x01',
  'a digit in a key': 'n,,\x01k1=x\x01auth=Bearer t\x01\x01',
  'a space in a key': 'n,,\x01auth =Bearer t\x01\x01',
  'a high byte in a value': 'n,,\x01x=\x80\x01auth=Bearer t\x01\x01',
  'a DEL in a value': 'n,,\x01x=\x7f\x01auth=Bearer t\x01\x01',
  'a control byte in a value': 'n,,\x01x=\x02\x01auth=Bearer t\x01\x01',
}
for (const [name, message] of Object.entries(MALFORMED)) {
  test(`malformed: ${name}`, () =>
    assert.equal(
      codeOf(() => decode(message)),
      'BAD_SASL',
    ))
}

test('an authorization identity is not supported, even an empty one', () => {
  assert.equal(
    codeOf(() => decode('n,a=,\x01auth=Bearer t\x01\x01')),
    'AUTHZID_REFUSED',
  )
  assert.equal(
    codeOf(() => decode('n,a=ada,\x01auth=Bearer t\x01\x01')),
    'AUTHZID_REFUSED',
  )
})

const NO_TOKEN: Record<string, string> = {
  'another scheme': 'Basic dTpw',
  'a scheme without its space': 'Bearer',
  'a tab after the scheme': 'Bearer\tt',
  'no token after the scheme': 'Bearer ',
  'a space inside the token': 'Bearer a b',
  'a space after the token': 'Bearer a ',
  'a character outside b64token': 'Bearer a,b',
  'an equals sign inside': 'Bearer a=b',
  'a newline after the token': 'Bearer a\n',
}
for (const [name, auth] of Object.entries(NO_TOKEN)) {
  test(`refused as a bad token, not as malformed: ${name}`, () => {
    const response = decode(`n,,\x01auth=${auth}\x01\x01`)
    assert.equal(response.token, undefined)
    assert.ok(response.malformed)
  })
}

test('the error challenge comes back as it went', () => {
  const challenge = {
    status: 'invalid_token',
    scope: 'openid',
    discoveryUrl: 'https://id/.well-known/openid-configuration',
  }
  assert.deepEqual(decodeErrorChallenge(encodeErrorChallenge(challenge)), challenge)
})

for (const text of ['', 'null', '[]', '"x"', '{', '{}', '{"status":1}', '{"status":"a","scope":[]}']) {
  test(`an error challenge of ${JSON.stringify(text)} is malformed`, () => {
    assert.equal(
      codeOf(() => decodeErrorChallenge(Buffer.from(text))),
      'BAD_SASL',
    )
  })
}
