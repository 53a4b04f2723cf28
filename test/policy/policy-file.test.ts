import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { loadPolicy } from '../../src/policy/policy-file.ts'

const EXAMPLE = `
version: 1
roles:
  - role: analyst
    when: { groups: [analysts, finance] }
scopes:
  orders:read:
    select: [sales.orders, sales.order_items]
  orders:write:
    select: [sales.orders]
    insert: [sales.orders]
    update:
      - sales.orders (status, note)
    usage: [sales.orders_id_seq]
  reports:run:
    execute: [reports.monthly, reports.yearly]
  hr:read:
    select:
      - hr.employees (id, name, department)
    rows: { hr.employees: "department = claim('department')" }
  schema:admin: { create: [sales.*], alter: [sales.*], drop: [sales.*] }
  db:admin: all
always:
  set: [statement_timeout, work_mem]
never:
  select: [hr.salaries]
metadata: visible
errors: own
mode: enforce
help: "ask #data-access"
search_path: [sales, public]
include: [teams/*.yaml]
`

function load(text: string, others: Record<string, string> = {}) {
  return loadPolicy('policy.yaml', {
    readText: (path) => (path === 'policy.yaml' ? text : (others[path] ?? assert.fail(path))),
    expand: () => Object.keys(others),
  })
}

function mistakesIn(text: string, others: Record<string, string> = {}): string[] {
  const result = load(text, others)
  return result.ok ? [] : result.mistakes.map((one) => `${one.file}:${one.line}:${one.column}: ${one.message}`)
}

describe('the policy file', () => {
  it('is read as the contract writes it', () => {
    const result = load(EXAMPLE, { 'teams/a.yaml': 'scopes: { team:read: { select: "web.*" } }' })
    assert.ok(result.ok, JSON.stringify(result))
    assert.deepEqual(
      [...result.policy.scopes.keys()],
      ['orders:read', 'orders:write', 'reports:run', 'hr:read', 'schema:admin', 'db:admin', 'team:read'],
    )
    assert.deepEqual(result.policy.scopes.get('orders:write')?.objects.get('update'), [
      { schema: 'sales', name: 'orders', columns: ['status', 'note'] },
    ])
    assert.equal(result.policy.scopes.get('db:admin')?.all, true)
    assert.deepEqual(result.policy.searchPath, ['sales', 'public'])
    assert.equal(result.policy.rows.length, 1)
  })

  it('reports every mistake at once, each with its place', () => {
    const text = [
      'version: 1',
      'scopes:',
      '  a:',
      '    selct: [sales.orders]',
      '    select: [orders, sales.orders (a, b)]',
      '    execute: ["reports.monthly(int)"]',
      'metadata: seen',
      'colour: red',
    ].join('\n')
    const mistakes = mistakesIn(text)
    const has = (pattern: RegExp) =>
      assert.ok(
        mistakes.some((one) => pattern.test(one)),
        `${pattern} in\n${mistakes.join('\n')}`,
      )
    has(/^policy\.yaml:4:5: unknown key "selct"; did you mean "select"\?/)
    has(/^policy\.yaml:5:14: .*"orders" names no schema; write "public\.orders"/)
    has(/^policy\.yaml:5:22: .*sales\.orders \(a" is not an object name.*flow list splits at the comma/)
    has(/^policy\.yaml:5:39: .*"b\)" is not an object name/)
    has(/^policy\.yaml:6:15: .*functions are named without their arguments/)
    has(/^policy\.yaml:7:11: .*must be one of "visible", "hidden"/)
    has(/^policy\.yaml:8:1: unknown key "colour"/)
  })

  it('tells mistakes between entries at once with those inside them', () => {
    const text = [
      'version: 2',
      'scopes: { a: { selct: [s.t] }, b: { rows: { t: "true" } } }',
      'roles: [{ role: "{sub}" }, { when: { x: 1 } }]',
      'mode: observe',
      'search_path: [a.b]',
      'include: [x]',
      'colour: red',
    ].join('\n')
    const mistakes = mistakesIn(text, { 'x.yaml': 'scopes: { a: {}, c: { selec: [s.t] } }\nhelp: me\n' }).join('\n')
    for (const pattern of [
      /^policy\.yaml:1:10: version must be 1/m,
      /^policy\.yaml:2:16: unknown key "selct"/m,
      /^policy\.yaml:2:48: rows: "t" is not a table name/m,
      /^policy\.yaml:3:9: role "\{sub\}" is taken from a claim/m,
      /^policy\.yaml:3:28: .*role is missing/m,
      /^policy\.yaml:4:7: mode: observe needs observe_until/m,
      /^policy\.yaml:5:15: "a\.b" is not a schema name/m,
      /^policy\.yaml:7:1: unknown key "colour"/m,
      /^x\.yaml:1:14: scope "a" is defined twice/m,
      /^x\.yaml:1:23: unknown key "selec"/m,
      /^x\.yaml:2:1: unknown key "help"/m,
    ]) {
      assert.match(mistakes, pattern)
    }
  })

  it('tells malformed objects beside those that are no text', () => {
    const mistakes = mistakesIn(
      'version: 1\nscopes: { a: { select: [orders, 5, s.t., null, s.t], set: ["a b"] } }',
    ).join('\n')
    for (const place of [
      '2:25: .*write "public.orders"',
      '2:33: .*is a text such as',
      '2:36: .*"s.t."',
      '2:42: .*is a text',
      '2:60: .*a parameter name',
    ]) {
      assert.match(mistakes, new RegExp(`^policy\\.yaml:${place}`, 'm'))
    }
  })

  it('an unknown action that is near to none is told the actions there are', () => {
    assert.match(
      mistakesIn('version: 1\nscopes: { a: { peruse: [s.t] } }').join(),
      /"peruse"; known here: all, alter, .*, usage$/,
    )
  })

  it('a quoted star is no pattern, and nothing else that could be meant', () => {
    for (const object of ['sales."*"', '"*".orders', 'sales.orders ("*")']) {
      assert.match(
        mistakesIn(`version: 1\nscopes: { a: { select: ['${object}'] } }`).join(),
        /cannot be told from a pattern/,
      )
    }
  })

  it('a key that stands twice is told beside all else', () => {
    assert.deepEqual(mistakesIn('version: 1\nscopes:\n  a: all\n  a: { selct: [s.t] }\nversion: 1\n'), [
      'policy.yaml:4:3: "a" stands here twice',
      'policy.yaml:4:8: unknown key "selct"; did you mean "select"?',
      'policy.yaml:5:1: "version" stands here twice',
    ])
  })

  it('a star that is not quoted is told to be', () => {
    assert.deepEqual(mistakesIn('version: 1\nscopes: { a: { select: * } }'), [
      'policy.yaml:2:24: a text that begins with * is quoted: "*"',
    ])
  })

  it('a day that no month has is no date', () => {
    assert.match(mistakesIn('version: 1\nobserve_until: 2030-02-30\n').join(), /is not a date/)
    assert.deepEqual(mistakesIn('version: 1\nobserve_until: 2028-02-29 12:00\n'), [])
  })

  it('names are folded to lower case unless quoted, and cut to 63 bytes', () => {
    const long = 'x'.repeat(70)
    const result = load(`version: 1\nscopes: { a: { select: [Sales.ORDERS, 'sales."Orders"', s.${long}] } }`)
    assert.ok(result.ok)
    assert.deepEqual(
      result.policy.scopes
        .get('a')
        ?.objects.get('select')
        ?.map((one) => one.name),
      ['orders', 'Orders', 'x'.repeat(63)],
    )
  })

  it('a scope defined twice is an error naming both places', () => {
    const text = 'version: 1\nscopes:\n  a: { select: [s.t] }\ninclude: [x]\n'
    assert.deepEqual(mistakesIn(text, { 'x.yaml': 'scopes:\n  a: { select: [s.u] }\n' }), [
      'x.yaml:2:6: scope "a" is defined twice: here and at policy.yaml:3:6',
    ])
  })

  it('an included file holds scopes only', () => {
    const mistakes = mistakesIn('version: 1\ninclude: [x]\n', { 'x.yaml': 'never: { select: [a.b] }\n' })
    assert.match(mistakes.join(), /^x\.yaml:1:1: unknown key "never"/)
  })

  it('pins no schema that is another one for each session', () => {
    for (const entry of ['"$user"', 'pg_temp']) {
      assert.match(mistakesIn(`version: 1\nsearch_path: [sales, '${entry}']\n`).join(), /search_path: ".*" is another/)
    }
  })

  it('mode: observe needs a date', () => {
    assert.match(mistakesIn('version: 1\nmode: observe\n').join(), /observe_until/)
    assert.deepEqual(mistakesIn('version: 1\nmode: observe\nobserve_until: 2030-01-31\n'), [])
    assert.match(mistakesIn('version: 1\nmode: observe\nobserve_until: soon\n').join(), /not a date/)
  })

  it('actions that know only "*" take nothing else', () => {
    assert.match(mistakesIn('version: 1\nscopes: { a: { code: [sales.f] } }').join(), /"code" is given on "\*" only/)
    assert.deepEqual(mistakesIn('version: 1\nscopes: { a: { code: "*", grant: ["*"] } }'), [])
  })

  it('columns on an action that knows none are refused', () => {
    assert.match(mistakesIn(`version: 1\nscopes: { a: { delete: ["s.t (a)"] } }`).join(), /"delete" knows no columns/)
  })

  it('a role taken from a claim needs the names it may be', () => {
    assert.match(mistakesIn('version: 1\nroles: [{ role: "{sub}" }]').join(), /among/)
  })
})
