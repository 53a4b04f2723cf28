import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { openLaptop } from '../support/laptop.ts'

const laptop = openLaptop('profiles:\n  prod: { issuer: "https://id.example.com", client_id: x }\n')

describe('help', () => {
  for (const command of [
    'login',
    'logout',
    'token',
    'status',
    'profile',
    'profile add',
    'profile list',
    'profile show',
    'profile remove',
    'profile password',
    'doctor',
    'completion',
    'demo',
  ]) {
    test(`of ${command} has an example, and fits in 80 columns`, async () => {
      const { code, stdout, stderr } = await laptop.run([...command.split(' '), '--help'])
      assert.equal(code, 0)
      assert.equal(stderr, '')
      assert.match(stdout, new RegExp(`Examples:\\n(.*\\n)*? .*pgoauth ${command}`))
      const tooLong = stdout.split('\n').filter((line) => line.length > 80)
      assert.deepEqual(tooLong, [])
    })
  }
})

describe('help of every command and of every verb of it', () => {
  test('fits in 80 columns where no terminal says how wide it is', async () => {
    const tooLong: string[] = []
    const seen = await walkHelp([], (command, line) => {
      if (line.length > 80) tooLong.push(`${command}: ${line}`)
    })
    assert.deepEqual(tooLong, [])
    for (const one of ['', 'connect', 'audit find', 'policy explain', 'proxy check', 'profile add']) {
      assert.ok(seen.includes(one), `help of "${one}" was looked at`)
    }
  })
})

/** Shows `onLine` the help of these words and of every command that it lists; which ones there were. */
async function walkHelp(words: string[], onLine: (command: string, line: string) => void): Promise<string[]> {
  const { code, stdout } = await laptop.run([...words, '--help'])
  assert.equal(code, 0, words.join(' '))
  const lines = stdout.split('\n')
  for (const line of lines) onLine(words.join(' '), line)
  const seen = [words.join(' ')]
  const start = lines.indexOf('Commands:')
  if (start < 0) return seen
  for (const line of lines.slice(start + 1, lines.indexOf('', start))) {
    const [, name] = /^ {2}([a-z]\S*)/.exec(line) ?? []
    if (name && name !== 'help') seen.push(...(await walkHelp([...words, name], onLine)))
  }
  return seen
}

describe('what is mistyped gets a suggestion and exit code 2', () => {
  for (const [args, said] of [
    [['logn'], /Did you mean login\?/],
    [['profile', 'lst'], /Did you mean list\?/],
    [['login', '--devise'], /Did you mean --device\?/],
    [['token', '--clams'], /Did you mean --claims\?/],
    [['login', '--stoer', 'file'], /Did you mean --store\?/],
    [['token', 'prdo'], /did you mean "prod"\?/],
    [['completion', 'bsh'], /did you mean "bash"\?/],
  ] as const) {
    test(`pgoauth ${args.join(' ')}`, async () => {
      const { code, stdout, stderr } = await laptop.run(args)
      assert.deepEqual({ code, stdout }, { code: 2, stdout: '' })
      assert.match(stderr, said)
    })
  }
})

describe('the environment of a terminal', () => {
  test('no colour where stderr is no terminal, nor with NO_COLOR', async () => {
    const { stderr } = await laptop.run(['token'], { env: { FORCE_COLOR: '1' } })
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what is looked for
    assert.doesNotMatch(stderr, /\u001b/)
  })

  test('a reader that goes away early is no crash', async () => {
    const program = fileURLToPath(new URL('../../bin/pgoauth.js', import.meta.url))
    const script = `for i in 1 2 3; do '${process.execPath}' '${program}' profile add --help | head -1; done`
    const { stdout, stderr } = await new Promise<{ stdout: string; stderr: string }>((resolve) => {
      const env = { ...laptop.env, PATH: process.env.PATH }
      execFile('/bin/sh', ['-c', script], { env }, (_error, stdout, stderr) => resolve({ stdout, stderr }))
    })
    assert.equal(stderr, '')
    assert.match(stdout, /^(Usage: .*\n){3}$/)
  })
})
