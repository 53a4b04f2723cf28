import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  encodeBind,
  encodeClose,
  encodeDescribe,
  encodeExecute,
  encodeFlush,
  encodeParse,
  encodeQuery,
  encodeSync,
} from '../../src/wire/client-messages.ts'
import { describesItself, plainAnswer, readWholeTurn, withStatementName } from '../../src/wire/whole-turn.ts'

const portal = encodeDescribe({ kind: 'portal', name: '' })
const run = [encodeExecute(''), encodeSync()]
const of = (...messages: Buffer[]) => readWholeTurn(Buffer.concat(messages))

test('a Query alone is a whole turn', () => {
  const turn = of(encodeQuery('SELECT é'))
  assert.equal(turn?.kind, 'query')
  assert.equal(turn?.sql, 'SELECT é')
})

test('Parse of the unnamed statement, Bind, Describe, Execute and Sync are a whole turn, with their places', () => {
  const turn = of(encodeParse('', 'SELECT $1', [23]), encodeBind('', '', ['7']), portal, ...run)
  assert.ok(turn?.kind === 'bind')
  assert.equal(turn.sql, 'SELECT $1')
  const { bytes } = turn
  assert.equal(bytes.toString('latin1', turn.definitionStart, turn.definitionEnd), 'SELECT $1\0\0\x01\0\0\0\x17')
  assert.equal(turn.nameEnd, turn.nameStart)
  assert.equal(bytes[turn.bindEnd], 0x44)
})

test('Bind of a named statement, with or without Describe, is a whole turn', () => {
  for (const messages of [
    [encodeBind('', 'sé', ['7']), portal, ...run],
    [encodeBind('', 'sé', []), ...run],
  ]) {
    const turn = of(...messages)
    assert.ok(turn?.kind === 'bind')
    assert.equal(turn.sql, undefined)
    assert.equal(turn.bytes.toString('utf8', turn.nameStart, turn.nameEnd), 'sé')
  }
})

for (const [what, messages] of [
  ['two Queries', [encodeQuery('SELECT 1'), encodeQuery('SELECT 1')]],
  ['half a Query', [encodeQuery('SELECT 1').subarray(0, 8)]],
  ['a Query with a NUL inside', [Buffer.from('51000000096100620000'.slice(0, 20), 'hex')]],
  ['a Query that is no UTF-8', [Buffer.from('5100000006ff00', 'hex')]],
  ['a Parse alone', [encodeParse('', 'SELECT 1'), encodeSync()]],
  ['a named Parse', [encodeParse('s', 'SELECT 1'), encodeBind('', 's'), ...run]],
  ['Parse of one statement, Bind of another', [encodeParse('', 'SELECT 1'), encodeBind('', 's'), ...run]],
  [
    'a Parse whose types do not end where it does',
    [Buffer.from('500000000a004100000100', 'hex'), encodeBind('', ''), ...run],
  ],
  ['a named portal', [encodeBind('p', ''), encodeExecute('p'), encodeSync()]],
  ['Describe of a statement', [encodeBind('', ''), encodeDescribe({ kind: 'statement', name: '' }), ...run]],
  ['a row limit', [encodeBind('', ''), encodeExecute('', 10), encodeSync()]],
  ['a Flush between', [encodeBind('', ''), encodeFlush(), ...run]],
  ['a Close between', [encodeBind('', ''), encodeClose({ kind: 'portal', name: '' }), ...run]],
  ['no Sync', [encodeBind('', ''), encodeExecute('')]],
  ['two Syncs', [encodeBind('', ''), ...run, encodeSync()]],
  ['a Query behind it', [encodeBind('', ''), ...run, encodeQuery('SELECT 1')]],
  ['nothing', []],
  ['a length that is negative', [Buffer.from('51fffffffb4100', 'hex')]],
] as const) {
  test(`${what}: not a whole turn`, () => {
    assert.equal(of(...messages), undefined)
  })
}

test('no cut and no single changed byte of a turn is read past its end', () => {
  const whole = Buffer.concat([encodeParse('', 'SELECT $1', [23]), encodeBind('', '', ['7']), portal, ...run])
  for (let cut = 0; cut < whole.length; cut++) assert.equal(readWholeTurn(whole.subarray(0, cut)), undefined)
  for (let at = 0; at < whole.length; at++) {
    for (const value of [0, 1, 0x44, 0x7f, 0x80, 0xff]) {
      const changed = Buffer.from(whole)
      changed[at] = value
      const turn = readWholeTurn(changed)
      if (turn?.kind === 'bind') assert.ok(turn.nameEnd < turn.bindEnd && turn.bindEnd < whole.length)
    }
  }
})

const message = (tag: string, body = '') => {
  const bytes = Buffer.alloc(5 + body.length)
  bytes.write(tag)
  bytes.writeInt32BE(4 + body.length, 1)
  bytes.write(body, 5, 'latin1')
  return bytes
}
const ready = (status = 'I') => message('Z', status)
const [described, row, done] = [message('T', '\0\0'), message('D', '\0\0'), message('C', 'SELECT 1\0')]
const [parseDone, bindDone, noData] = [message('1'), message('2'), message('n')]
const parse = encodeParse('', 'SELECT 1')
const bind = encodeBind('', '')

for (const [turn, answer, status] of [
  [[encodeQuery('SELECT 1')], [described, row, row, done, ready()], 'I'],
  [[encodeQuery('SELECT 1')], [described, done, ready('T')], 'T'],
  [[encodeQuery('DELETE FROM t')], [done, ready()], 'I'],
  [[parse, bind, portal, ...run], [parseDone, bindDone, described, row, done, ready()], 'I'],
  [[parse, bind, ...run], [parseDone, bindDone, row, done, ready()], 'I'],
  [[bind, portal, ...run], [bindDone, noData, done, ready('T')], 'T'],
] as const) {
  const sent = of(...turn)
  const whole = Buffer.concat(answer)
  test(`the whole answer to a turn is plain, and nothing else is: ${whole.toString('latin1').replaceAll(/[^A-Za-z0-9 ]/g, '')}`, () => {
    assert.ok(sent)
    assert.equal(plainAnswer(whole, sent), status)
    for (let cut = 0; cut < whole.length; cut++) {
      assert.equal(plainAnswer(whole.subarray(0, cut), sent), undefined)
      // A Query's answer has no beginning of its own.
      if (cut > 0 && sent.kind === 'bind') assert.equal(plainAnswer(whole.subarray(cut), sent), undefined)
    }
    assert.equal(plainAnswer(Buffer.concat([whole, Buffer.from([0])]), sent), undefined)
    assert.equal(plainAnswer(Buffer.concat([whole, row]), sent), undefined)
    for (const [at, odd] of [message('N'), message('S'), message('E'), message('A'), ready('E')].entries()) {
      for (let place = 0; place <= answer.length; place++) {
        const pieces: Buffer[] = [...answer]
        pieces.splice(place, at === 4 && place === answer.length - 1 ? 1 : 0, odd)
        assert.equal(plainAnswer(Buffer.concat(pieces), sent), undefined)
      }
    }
    // Lengths that are none, or lead astray.
    for (let at = 0; at < whole.length; at++) {
      for (const value of [0, 1, 3, 0x7f, 0x80, 0xff]) {
        const changed = Buffer.from(whole)
        changed[at] = value
        plainAnswer(changed, sent)
      }
    }
  })
}

test('an answer with the messages of another turn’s answer is not plain', () => {
  const query = of(encodeQuery('SELECT 1'))
  const bound = of(bind, ...run)
  assert.ok(query && bound)
  assert.equal(plainAnswer(Buffer.concat([bindDone, row, done, ready()]), query), undefined)
  assert.equal(plainAnswer(Buffer.concat([described, row, done, ready()]), bound), undefined)
  assert.equal(plainAnswer(Buffer.concat([bindDone, described, row, done, ready()]), bound), undefined)
  assert.equal(plainAnswer(Buffer.concat([described, row, done, done, ready()]), query), undefined)
})

test('a bound turn goes to the statement of another name, with nothing else changed', () => {
  const turn = of(encodeBind('', 'sé', ['7']), portal, ...run)
  assert.ok(turn?.kind === 'bind')
  assert.deepEqual(
    withStatementName(turn, 'other_1'),
    Buffer.concat([encodeBind('', 'other_1', ['7']), portal, ...run]),
  )
})

/** A Bind with its counts and formats as given. */
function bindOf(formats: number[], values: string[], resultFormats: number[]): Buffer {
  const short = (value: number) => Buffer.from([value >> 8, value & 0xff])
  const body = Buffer.concat([
    Buffer.from('\0s\0'),
    ...[formats.length, ...formats, values.length].map(short),
    ...values.map((value) => Buffer.concat([Buffer.from([0, 0, 0, value.length]), Buffer.from(value)])),
    ...[resultFormats.length, ...resultFormats].map(short),
  ])
  return Buffer.concat([Buffer.from([0x42, 0, 0, 0, body.length + 4]), body])
}

for (const [what, messages, means] of [
  ['with its rows described and parameters in text', [bindOf([], ['7'], []), portal, ...run], true],
  ['of one format for all', [bindOf([0], ['7', '8'], [1]), portal, ...run], true],
  ['without a Describe', [bindOf([], ['7'], []), ...run], false],
  ['with a parameter in binary', [bindOf([0, 1], ['7', '8'], []), portal, ...run], false],
  ['with a format for each column', [bindOf([], [], [0, 0]), portal, ...run], false],
  ['with a Parse of its own', [encodeParse('', 'SELECT 1'), encodeBind('', ''), portal, ...run], false],
  ['that is a Query', [encodeQuery('SELECT 1')], false],
] as const) {
  test(`a turn ${what} ${means ? 'means' : 'may not mean'} the same with its statement parsed anew`, () => {
    const turn = of(...messages)
    assert.ok(turn)
    assert.equal(describesItself(turn), means)
  })
}
