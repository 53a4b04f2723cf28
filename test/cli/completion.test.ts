import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { openLaptop } from '../support/laptop.ts'
import { skipWithout } from '../support/programs.ts'

const PROGRAM = fileURLToPath(new URL('../../bin/pgoauth.js', import.meta.url))
const laptop = openLaptop(`profiles:
  prod: { issuer: "https://id.example.com", client_id: x }
  staging: { issuer: "https://id.example.com", client_id: x }
`)
const folder = join(laptop.home, 'bin')
mkdirSync(folder)
writeFileSync(join(folder, 'pgoauth'), `#!/bin/sh\nexec '${process.execPath}' '${PROGRAM}' "$@"\n`)
chmodSync(join(folder, 'pgoauth'), 0o755)

/** Runs a script in a real shell that finds `pgoauth` in its PATH; what it prints. */
function runIn(shell: string, args: string[]): Promise<string> {
  const env = { ...laptop.env, PATH: `${folder}:${process.env.PATH}`, TERM: 'dumb', LANG: 'C.UTF-8' }
  return new Promise((resolve, reject) => {
    execFile(shell, args, { env, cwd: laptop.home, timeout: 30_000 }, (error, stdout, stderr) => {
      if (error || stderr) reject(new Error(`${shell}: ${error?.message ?? ''} ${stderr}`))
      else resolve(stdout)
    })
  })
}

/** The word at the cursor comes last, and may be empty. */
const CASES: readonly { readonly typed: readonly string[]; readonly offers: readonly string[] }[] = [
  { typed: ['lo'], offers: ['login', 'logout'] },
  { typed: ['profile', 'sh'], offers: ['show'] },
  { typed: ['profile', 'show', ''], offers: ['prod', 'staging'] },
  { typed: ['token', 'p'], offers: ['prod'] },
  { typed: ['login', '--device', 's'], offers: ['staging'] },
  { typed: ['--debug', 'connect', 'st'], offers: ['staging'] },
  { typed: ['completion', 'po'], offers: ['powershell'] },
  { typed: ['token', '--cl'], offers: ['--claims'] },
  { typed: ['profile', 'add', '--replac'], offers: ['--replace'] },
  { typed: ['login', '--store', ''], offers: ['file', 'keychain', 'memory'] },
  { typed: ['connect', 'prod', '--tls-mode', 'verify-'], offers: ['verify-ca', 'verify-full'] },
  { typed: ['proxy', '--log-level', 'w'], offers: ['warn'] },
]

describe('bash', () => {
  for (const { typed, offers } of CASES) {
    test(`completes "pgoauth ${typed.join(' ')}" to ${offers.join(', ')}`, async () => {
      const words = ['pgoauth', ...typed].map((word) => `'${word}'`).join(' ')
      const script = `source <(pgoauth completion bash)
COMP_WORDS=(${words}); COMP_CWORD=${typed.length}; _pgoauth; printf '%s\\n' "\${COMPREPLY[@]}"`
      assert.deepEqual((await runIn('bash', ['--norc', '-c', script])).trim().split('\n').sort(), offers)
    })
  }

  test('offers no profile where a flag wants its value', async () => {
    const script = `source <(pgoauth completion bash)
COMP_WORDS=(pgoauth login --client-id ''); COMP_CWORD=3; _pgoauth; echo "\${#COMPREPLY[@]}"`
    assert.equal(await runIn('bash', ['--norc', '-c', script]), '0\n')
  })

  test('leaves what stands behind -- to the shell', async () => {
    const script = `source <(pgoauth completion bash)
COMP_WORDS=(pgoauth connect prod -- p); COMP_CWORD=4; _pgoauth; echo "\${#COMPREPLY[@]}"; complete -p pgoauth`
    assert.match(await runIn('bash', ['--norc', '-c', script]), /^0\ncomplete -o default -F _pgoauth pgoauth/)
  })
})

describe('zsh', { skip: skipWithout('zsh') }, () => {
  for (const { typed, offers } of CASES) {
    test(`completes "pgoauth ${typed.join(' ')}" to ${offers.join(', ')}`, async () => {
      const line = ['pgoauth', ...typed].join(' ')
      // A terminal of its own, in which TAB is pressed; what is offered is caught where zsh takes it in.
      const script = `zmodload zsh/zpty
zpty inner zsh -f -i
zpty -w inner 'PROMPT= RPROMPT=; autoload -Uz compinit; compinit -u -D; eval "$(pgoauth completion zsh)"'
zpty -w inner 'compadd() { local -a got; builtin compadd -O got "$@"; (( $#got )) && print -rl -- OFFER:$^got; builtin compadd "$@" }'
zpty -w inner 'print READ''Y'
zpty -r inner out '*READY*'
zpty -w -n inner '${line}'$'\\t'
zpty -w inner $'\\x15print DON''E'
zpty -r inner out '*DONE*'
print -r -- $out`
      // On a busy machine zsh sometimes closes the terminal before anything was typed in it, or drops what it had to offer.
      let offered: string[] = []
      for (let attempt = 0; attempt < 4 && offered.length === 0; attempt++) {
        const output = await runIn('zsh', ['-f', '-c', script])
        offered = [...output.matchAll(/OFFER:(\S+)/g)].map(([, word]) => String(word))
      }
      assert.deepEqual([...new Set(offered)].sort(), offers)
    })
  }
})

describe('fish', { skip: skipWithout('fish') }, () => {
  for (const { typed, offers } of CASES) {
    test(`completes "pgoauth ${typed.join(' ')}" to ${offers.join(', ')}`, async () => {
      const line = ['pgoauth', ...typed].join(' ')
      const output = await runIn('fish', [
        '--no-config',
        '-c',
        `pgoauth completion fish | source; complete -C '${line}'`,
      ])
      const words = output
        .trim()
        .split('\n')
        .map((offer) => offer.split('\t')[0])
      assert.deepEqual(words.sort(), offers)
    })
  }
})

test('a mistyped shell gets a suggestion', async () => {
  const { code, stderr } = await laptop.run(['completion', 'fisch'])
  assert.equal(code, 2)
  assert.match(stderr, /did you mean "fish"/)
})

test('the PowerShell script names every command', async () => {
  const { stdout } = await laptop.run(['completion', 'powershell'])
  for (const name of ['login', 'logout', 'connect', 'token', 'profile add', 'doctor', 'proxy']) {
    assert.ok(stdout.includes(`    '${name}' = @{`), name)
  }
})
