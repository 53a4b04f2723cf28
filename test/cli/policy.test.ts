import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { runCommand } from '../support/command.ts'
import { startTestPostgres } from '../support/postgres.ts'

const POLICY = `version: 1
roles:
  - role: analyst
    when: { groups: [analysts] }
scopes:
  orders:read: { select: [sales.orders] }
  hr:read: { select: ["hr.employees (id, name)"] }
  db:admin: all
never: { select: [hr.vault] }
`

const folder = mkdtempSync(join(tmpdir(), 'pgoauth-policy-'))
after(() => rmSync(folder, { recursive: true }))
const file = (name: string, text: string) => {
  writeFileSync(join(folder, name), text)
  return join(folder, name)
}
const policy = file('policy.yaml', POLICY)

const explain = (args: readonly string[], stdin?: string) =>
  runCommand(['policy', 'explain', '--policy', policy, ...args], {
    cwd: folder,
    ...(stdin === undefined ? {} : { stdin }),
  })

describe('pgoauth policy explain', () => {
  it('exits 0 and names the rule that allows', async () => {
    const { code, stdout } = await explain(['--scopes', 'orders:read', 'select id from sales.orders'])
    assert.equal(code, 0)
    assert.match(stdout, /select sales\.orders \(id\) {2}by orders:read\nallowed\n$/)
  })

  it('exits 4 and names the scopes that would allow', async () => {
    const { code, stdout } = await explain(['--scopes', 'orders:read'], 'select name from hr.employees')
    assert.equal(code, 4)
    assert.match(stdout, /would be given by hr:read, or db:admin/)
  })

  it('--json has the decision, each access, and the reason', async () => {
    const { code, stdout } = await explain(['--scopes', 'hr:read', '--json', 'select name, salary from hr.employees'])
    assert.equal(code, 4)
    assert.deepEqual(JSON.parse(stdout), {
      decision: 'deny',
      accesses: [
        {
          action: 'select',
          object: 'hr.employees',
          columns: ['name', 'salary'],
          allowed: false,
          by: null,
          scopes: ['db:admin'],
        },
      ],
      reason: 'select on hr.employees (name, salary) is given by no scope',
    })
  })

  it('a text that does not parse is denied with reason syntax', async () => {
    const { code, stdout } = await explain(['--json', 'selec 1'])
    assert.equal(code, 4)
    const answer = JSON.parse(stdout)
    assert.deepEqual([answer.decision, answer.reason, answer.position], ['deny', 'syntax', 1])
  })

  it('--claims says the role', async () => {
    const { stdout } = await explain(['--json', '--claims', '{"groups":"analysts"}', 'select 1'])
    assert.equal(JSON.parse(stdout).role, 'analyst')
  })

  it('notes a scope that the policy does not have', async () => {
    const { code, stdout, stderr } = await explain(['--scopes', 'order:read', 'select 1'])
    assert.equal(code, 0)
    assert.equal(stdout, 'allowed\n')
    assert.match(stderr, /no scope "order:read"; did you mean "orders:read"\?/)
  })

  it('--batch answers a line that says too little under its id', async () => {
    const lines = [
      '{"id":7}',
      '{"id":"x","scopes":null,"sql":"select 1"}',
      '{"id":8,"scopes":{},"sql":"select 1"}',
      '[1]',
    ]
    const { stdout } = await explain(['--batch'], lines.join('\n'))
    const answers = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    assert.deepEqual(
      answers.map(({ id, decision }) => [id, decision]),
      [
        [7, 'deny'],
        ['x', 'allow'],
        [8, 'deny'],
        [null, 'deny'],
      ],
    )
  })

  it('--batch answers a line each with its id, 2,500 of them in under 10 s', async () => {
    const lines = Array.from({ length: 2500 }, (_, id) => {
      const sql = `select o.id, ${id} as n from sales.orders o where o.note = 'x${id}' and exists (select from hr.employees e where e.id = o.id)`
      return JSON.stringify({ id, scopes: id % 2 ? ['orders:read'] : ['orders:read', 'hr:read'], sql })
    })
    const run = async () => {
      const startMs = performance.now()
      const result = await explain(['--batch'], `${lines.join('\n')}\nnot json\n`)
      return { ...result, tookMs: performance.now() - startMs }
    }
    let { code, stdout, tookMs } = await run()
    // It takes about a second; a machine that others keep busy has more than one try.
    for (let retry = 0; retry < 2 && tookMs >= 10_000; retry++) tookMs = (await run()).tookMs
    assert.equal(code, 0)
    const answers = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    assert.equal(answers.length, 2501)
    assert.deepEqual([answers[0].id, answers[0].decision, answers[1].decision], [0, 'allow', 'deny'])
    assert.equal(answers[2500].decision, 'deny')
    assert.ok(tookMs < 10_000, `${tookMs} ms`)
  })

  it('a policy with mistakes is told with file, line and column, exit 2', async () => {
    const broken = file('broken.yaml', 'version: 1\nscopes:\n  a: { selct: [b.c] }\n')
    const { code, stderr } = await runCommand(['policy', 'explain', '--policy', broken, 'select 1'], { cwd: folder })
    assert.equal(code, 2)
    assert.match(stderr, /broken\.yaml:3:8: unknown key "selct"; did you mean "select"\?/)
  })
})

describe('pgoauth policy explain with a server', () => {
  it('asks it for the catalog, and writes it to a file that --catalog reads', async () => {
    const server = await startTestPostgres({
      prepare:
        'create schema sales; create table sales.orders (id int, note text); create schema hr; create table hr.notes (id int)',
    })
    const dump = join(folder, 'catalog.json')
    const dumped = await explain(['--server', server.url(), '--dump-catalog', dump])
    assert.equal(dumped.code, 0, dumped.stderr)
    assert.equal(JSON.parse(readFileSync(dump, 'utf8')).relations.length, 2)
    const { code, stdout } = await explain([
      '--scopes',
      'orders:read',
      '--json',
      '--catalog',
      dump,
      'select * from orders',
    ])
    assert.equal(code, 0, stdout)
    assert.deepEqual(JSON.parse(stdout).accesses[0].columns, ['id', 'note'])
  })

  it('a server that cannot be reached is exit 5', async () => {
    const { code } = await explain(['--server', 'postgresql://x@127.0.0.1:1/x', 'select 1'])
    assert.equal(code, 5)
  })
})

describe('pgoauth policy test', () => {
  it('counts the cases and tells the ones that go otherwise, exit 1', async () => {
    const cases = file(
      'cases.yaml',
      `- { scopes: [orders:read], sql: "select * from sales.orders", expect: allow, why: given }
- { scopes: [orders:read], sql: "select * from hr.employees", expect: deny }
- { scopes: [db:admin], sql: "select * from hr.vault", expect: allow, why: wrong on purpose }
`,
    )
    const { code, stdout } = await runCommand(['policy', 'test', cases], { cwd: folder })
    assert.equal(code, 1)
    assert.match(
      stdout,
      /cases\.yaml:3: expected allow, got deny.*under never[\s\S]*wrong on purpose[\s\S]*2 of 3 cases/,
    )
  })

  it('tells a case that is malformed with its place', async () => {
    const cases = file('odd.yaml', '- { sql: select 1, expect: allow }\n- { sqll: select 1, expect: allwo }\n')
    const { code, stderr } = await runCommand(['policy', 'test', cases], { cwd: folder })
    assert.equal(code, 2)
    assert.match(stderr, /odd\.yaml:2:5: unknown key "sqll"; did you mean "sql"/)
    assert.match(stderr, /odd\.yaml:2:\d+: .*did you mean "allow"/)
  })

  it('exits 0 where all are as expected', async () => {
    const cases = file('good.yaml', 'policy: policy.yaml\ncases:\n  - { sql: select 1, expect: allow }\n')
    assert.equal((await runCommand(['policy', 'test', cases], { cwd: folder })).code, 0)
  })
})

describe('pgoauth policy suggest', () => {
  it('prints the smallest set of scopes and the rules that are missing', async () => {
    const audit = file(
      'audit.jsonl',
      [
        {
          event: 'statement_observed',
          subject: 'ada',
          accesses: [{ action: 'select', object: 'sales.orders', columns: ['id'] }],
        },
        {
          event: 'statement_allowed',
          subject: 'ada',
          accesses: [{ action: 'select', object: 'hr.employees', columns: ['name'] }],
        },
        {
          event: 'statement_observed',
          subject: 'ada',
          accesses: [{ action: 'insert', object: 'sales.log', columns: ['line'] }],
        },
        { event: 'statement_denied', subject: 'ada', action: 'select', object: 'hr.vault' },
        { event: 'session_opened', subject: 'ada' },
      ]
        .map((line) => JSON.stringify(line))
        .join('\n'),
    )
    const { code, stdout } = await runCommand(['policy', 'suggest', audit, '--policy', policy, '--json'], {
      cwd: folder,
    })
    assert.equal(code, 0)
    assert.deepEqual(JSON.parse(stdout).scopes, ['db:admin'])
  })
})
