import assert from 'node:assert/strict'
import { test } from 'node:test'
import { listenText, parseListen, unixSocketPath } from '../../src/config/listen-address.ts'

for (const [text, directory, port, written] of [
  ['unix:/run/pg', '/run/pg', 5432, 'unix:/run/pg'],
  ['unix:/run/pg:6543', '/run/pg', 6543, 'unix:/run/pg:6543'],
  ['unix:/run/pg:5432', '/run/pg', 5432, 'unix:/run/pg'],
  ['unix:/run/a:b', '/run/a:b', 5432, 'unix:/run/a:b'],
  ['unix:.:6543', '.', 6543, 'unix:.:6543'],
] as const) {
  test(`${text} is the socket of that port in a directory, and is written back`, () => {
    const listen = parseListen(text)
    assert.deepEqual(listen, { kind: 'unix', directory, port })
    assert.equal(listenText({ kind: 'unix', directory, port }), written)
    assert.equal(unixSocketPath({ kind: 'unix', directory, port }), `${directory}/.s.PGSQL.${port}`)
  })
}

for (const text of ['unix:', 'unix::6543', 'unix:/run/pg:0', 'unix:/run/pg:65536']) {
  test(`${text} is no place to listen`, () => assert.equal(parseListen(text), undefined))
}

test('an IPv6 address is written in brackets', () => {
  assert.equal(listenText({ kind: 'tcp', address: '::1', port: 6543 }), '[::1]:6543')
})
