import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type OwedMessage, ReplyLedger } from '../../src/enforce/reply-ledger.ts'

function ledgerOf(...messages: OwedMessage[]): ReplyLedger<number> {
  const ledger = new ReplyLedger<number>()
  for (const [at, message] of messages.entries()) ledger.expect(message, at)
  return ledger
}

/** What each message of the server comes to, in order; E is an error. */
function settled(ledger: ReplyLedger<number>, tags: string): string {
  return [...tags.replaceAll(' ', '')]
    .map((tag) => {
      if (tag !== 'E') return ledger.settle(tag.charCodeAt(0))
      const dropped = ledger.fail()
      return dropped === undefined ? 'unexpected' : `failed:${dropped.map(({ note }) => note).join('')}`
    })
    .join(' ')
}

const CASES: readonly [name: string, messages: OwedMessage[], tags: string, settled: string][] = [
  ['a Query with rows', ['query'], 'TCZ', 'part step done'],
  ['a Query of several statements', ['query'], 'TCCTCZ', 'part step step part step done'],
  ['an empty Query', ['query'], 'IZ', 'step done'],
  ['a Query that fails in its second statement', ['query'], 'CEZ', 'step failed: done'],
  ['a Query that copies in', ['query'], 'GCZ', 'part step done'],
  ['a Query that copies in and fails', ['query'], 'GEZ', 'part failed: done'],
  ['a Query that copies out twice', ['query'], 'HcCHcCZ', 'part part step part part step done'],
  ['a FunctionCall', ['function-call'], 'VZ', 'part done'],
  ['a FunctionCall that fails', ['function-call'], 'EZ', 'failed: done'],
  [
    'a whole extended round',
    ['parse', 'bind', 'describe-portal', 'execute', 'close', 'sync'],
    '12TC3Z',
    'done done done done done done',
  ],
  ['a Describe of a statement', ['describe-statement', 'sync'], 'tnZ', 'part done done'],
  ['a portal that is suspended and goes on', ['execute', 'execute', 'sync'], 'sCZ', 'done done done'],
  [
    'an error drops what follows up to the Sync',
    ['parse', 'bind', 'execute', 'sync', 'query'],
    'EZCZ',
    'failed:012 done step done',
  ],
  [
    'an error drops a Query and a FunctionCall up to the Sync',
    ['bind', 'query', 'function-call', 'sync'],
    'EZ',
    'failed:012 done',
  ],
  ['an error of a Query drops nothing', ['query', 'parse', 'sync'], 'EZ1Z', 'failed: done done done'],
  ['an error at the commit of a Sync', ['execute', 'sync', 'query'], 'CEZCZ', 'done failed: done step done'],
  ['a COPY in the extended protocol', ['execute', 'sync'], 'GCZ', 'part done done'],
  ['a COPY out in the extended protocol', ['execute', 'sync'], 'HcCZ', 'part part done done'],
  ['a reply that nothing is owed', [], 'C', 'unexpected'],
  ['an error that nothing is owed', [], 'E', 'unexpected'],
  ['a ReadyForQuery where rows must end first', ['execute', 'sync'], 'Z', 'unexpected'],
  ['a row shape of an Execute', ['execute'], 'T', 'unexpected'],
  ['the wrong completion', ['parse'], '2', 'unexpected'],
  ['a row shape before the parameters', ['describe-statement'], 'T', 'unexpected'],
  ['two kinds of COPY at once', ['query'], 'GH', 'part unexpected'],
  ['the end of a Query in the middle of a COPY', ['query'], 'GZ', 'part unexpected'],
  ['an unknown message', ['query'], '?', 'unexpected'],
]

for (const [name, messages, tags, expected] of CASES) {
  test(`${name}: ${tags} answers ${messages.join(', ') || 'nothing'}`, () => {
    assert.equal(settled(ledgerOf(...messages), tags), expected)
  })
}

test('after an error nothing but a Sync is owed an answer', () => {
  const ledger = ledgerOf('parse')
  settled(ledger, 'E')
  assert.equal(ledger.skippingToSync, true)
  assert.equal(ledger.expect('query', 1), false)
  assert.equal(ledger.expect('parse', 2), false)
  assert.equal(ledger.expect('sync', 3), true)
  assert.equal(ledger.skippingToSync, false)
  assert.equal(ledger.head?.note, 3)
})

test('a long pipeline is answered in order', () => {
  const ledger = new ReplyLedger<number>()
  for (let at = 0; at < 5000; at++) ledger.expect('parse', at)
  for (let at = 0; at < 5000; at++) {
    assert.equal(ledger.head?.note, at)
    assert.equal(ledger.settle(0x31), 'done')
  }
  assert.equal(ledger.empty, true)
})
