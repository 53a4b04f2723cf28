import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { analyse, loadParser } from '../../src/sql/analyse.ts'
import { namesOnlyCatalog } from '../../src/sql/catalog-index.ts'
import { isHeavy } from '../../src/sql/heaviness.ts'
import { parse, type RawStatement, type Tree } from '../../src/sql/parser.ts'
import { nodesOf, treeOf } from '../../src/sql/tree.ts'

await loadParser()
const catalog = namesOnlyCatalog()

/** The analysis, where nobody waits for it; whatever comes, the parser must work afterwards. */
async function outcome(sql: string): Promise<string> {
  const analysis = analyse(sql, catalog, { allowHeavy: true })
  for (let tries = 0; tries < 200; tries++) {
    const next = analyse('select 1 from t', catalog)
    if (next.ok) return analysis.ok ? 'ok' : analysis.code
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  return assert.fail('the parser did not come back')
}

function cpuMsOf(action: () => void): number {
  const before = process.cpuUsage()
  action()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}

function firstRangeVar({ statements }: { statements: readonly RawStatement[] }): Tree {
  return treeOf(nodesOf(statements[0]?.node.fromClause)[0]?.body) ?? {}
}

describe('deep and odd SQL', () => {
  const deep: Record<string, string> = {
    'nested parentheses': `select ${'('.repeat(10_000)}1${')'.repeat(10_000)}`,
    'nested subqueries': `select ${'(select '.repeat(5000)}1${')'.repeat(5000)}`,
    'a megabyte of UNIONs': `select 1${' union all select 1'.repeat(55_000)}`,
    'a chain of operators': `select 1${'+1'.repeat(100_000)}`,
    'a chain of NOT': `select ${'not '.repeat(20_000)}true`,
    'nested arrays': `select ${'array['.repeat(5000)}1${']'.repeat(5000)}`,
    'nested CASE': `select ${'case when true then '.repeat(3000)}1${' end'.repeat(3000)}`,
    'nested functions': `select ${'upper('.repeat(5000)}''${')'.repeat(5000)}`,
    'nested FROM': `${'select * from ('.repeat(3000)}select 1${') x'.repeat(3000)}`,
    'a chain of joins': `select * from t${' join t using (a)'.repeat(10_000)}`,
    'nested WITH': `${'with a as ('.repeat(2000)}select 1${') select 1'.repeat(2000)}`,
    'a chain of casts': `select 1${'::int'.repeat(20_000)}`,
    'a chain of AND': `select 1 where a${' and a'.repeat(20_000)}`,
  }
  for (const [name, sql] of Object.entries(deep)) {
    it(`${name}: refused or passed, and the parser goes on`, async () => {
      assert.match(await outcome(sql), /^(ok|SYNTAX|STATEMENT_TOO_COMPLEX)$/)
    })
    it(`${name}: too heavy to be parsed where others wait`, () => {
      assert.equal(isHeavy(sql), true)
      const analysis = analyse(sql, catalog)
      assert.ok(!analysis.ok && analysis.code === 'STATEMENT_TOO_COMPLEX')
    })
  }

  it('nested comments, on which the lexer is quadratic, are heavy', () => {
    assert.equal(isHeavy(`${'/*'.repeat(200)}${'*/'.repeat(200)}select 1`), true)
  })

  it('what is light is quick, however it is put together', () => {
    const pieces = [
      '(',
      '[',
      '+1',
      ' union select 1',
      ' not',
      '::int',
      '.a',
      ' join t on true',
      ' and a',
      '/*',
      "'",
      'case ',
    ]
    for (const piece of pieces) {
      for (const prefix of ['select ', 'select 1', 'select * from t']) {
        let length = 1
        while (length < 40_000 && !isHeavy(prefix + piece.repeat(length * 2))) length *= 2
        // CPU time, since the machine may be busy with other things; the best of some, since code warms up.
        let tookMs = Number.POSITIVE_INFINITY
        for (let attempt = 0; attempt < 8 && tookMs >= 60; attempt++) {
          tookMs = Math.min(
            tookMs,
            cpuMsOf(() => analyse(prefix + piece.repeat(length), catalog)),
          )
        }
        assert.ok(tookMs < 60, `${length} × ${piece}: ${tookMs} ms`)
      }
    }
  })

  it('a NUL is refused', () => {
    const analysis = analyse('select 1\0; drop table t', catalog)
    assert.ok(!analysis.ok && analysis.code === 'SYNTAX')
  })

  it('half a surrogate pair is refused', () => {
    const analysis = analyse("select '\ud800'", catalog)
    assert.ok(!analysis.ok && analysis.code === 'SYNTAX')
  })

  it('every truncation of a statement is refused or passed', () => {
    const whole = `with recursive c(n) as (select 1 union all select n + 1 from c), d as materialized (update s.t set a = $1::int,
      (b, "c é") = (select x, U&'\\0041' from lateral f(1) with ordinality as q(x)) where e'\\'' <> $$ ' $$ returning old.*)
      select distinct on (1) t.*, count(*) filter (where x is not null) over (w rows between 1 preceding and current row),
      json_table.* from s.t tablesample system (1), json_table('{}', '$' columns (a int path '$')) /* /* x */ */
      window w as (partition by 1) order by 1 using < nulls last limit 5 for update of t skip locked; copy t to stdout; -- end`
    assert.ok(analyse(whole, catalog).ok, JSON.stringify(analyse(whole, catalog)))
    for (let end = 0; end < whole.length; end++) {
      const analysis = analyse(whole.slice(0, end), catalog)
      if (!analysis.ok) assert.equal(analysis.code, 'SYNTAX')
    }
  })

  it('an empty text has no statement', () => {
    for (const sql of ['', ' ', ';', '-- x', '/* x */;;']) {
      const analysis = analyse(sql, catalog)
      assert.ok(analysis.ok && analysis.statements.length === 0, sql)
    }
  })

  it('a syntax error has the message and the position of the server, counted in characters', () => {
    const parsed = parse("select 'é', x from from t")
    assert.deepEqual(parsed, { ok: false, code: 'SYNTAX', message: 'syntax error at or near "from"', position: 20 })
  })

  it('names are cut at 63 bytes as the server cuts them, at the edge of a character', () => {
    const name = `${'a'.repeat(62)}é`
    const parsed = parse(`select 1 from s."${name}x"`)
    assert.ok(parsed.ok)
    const from = firstRangeVar(parsed)
    assert.equal(from.relname, 'a'.repeat(62))
  })

  it('unquoted names are folded by ASCII letters alone', () => {
    const parsed = parse('select 1 from S.ÉtÉ')
    assert.ok(parsed.ok)
    const from = firstRangeVar(parsed)
    assert.deepEqual([from.schemaname, from.relname], ['s', 'ÉtÉ'])
  })
})
