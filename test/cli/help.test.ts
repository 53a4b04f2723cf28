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
