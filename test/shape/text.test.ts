import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { VERSION } from '../../src/cli/version.ts'

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../../..')
const tracked = existsSync(join(root, '.git'))
  ? execFileSync('git', ['ls-files', '-z'], { cwd: root, encoding: 'utf8' }).split('\0').filter(Boolean)
  : []
const present = tracked.filter((path) => existsSync(join(root, path)))

function read(path: string): string {
  return readFileSync(join(root, path), 'utf8')
}

test('the version that the command prints is the package’s', () => {
  assert.equal(VERSION, JSON.parse(read('package.json')).version)
})

test('dependencies are exact', () => {
  const { dependencies, devDependencies } = JSON.parse(read('package.json'))
  for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies })) {
    assert.match(String(version), /^(npm:@[a-z]+\/[a-z]+@)?\d+\.\d+\.\d+(-[a-z]+\.\d+)?$/, name)
  }
})

test('the top level holds what it should and nothing else', { skip: tracked.length === 0 && 'no git here' }, () => {
  const allowed = new Set(
    'bin src test docs deploy package.json tsconfig.json CHANGELOG.md README.md LICENSE SECURITY.md'.split(' '),
  )
  const top = new Set(present.map((path) => path.split('/')[0] ?? ''))
  assert.deepEqual(
    [...top].filter((name) => !allowed.has(name) && !name.startsWith('.')),
    [],
  )
})

test('folders and files of src have names that say what they are', () => {
  const vague = /(^|\/)(utils?|helpers?|common|manager|misc|index)(\.ts|\/)/
  assert.deepEqual(
    present.filter((path) => path.startsWith('src/') && (vague.test(path) || /[A-Z_]/.test(path))),
    [],
  )
})

test('no source file of src is longer than 450 lines, data modules aside', () => {
  const long = present
    .filter((path) => path.startsWith('src/') && path.endsWith('.ts') && !path.includes('/data/'))
    .map((path) => ({ path, lines: read(path).split('\n').length }))
    .filter(({ lines }) => lines > 450)
  assert.deepEqual(long, [])
})

test('a process is ended where it begins: in bin, or in a file that is a process of its own', () => {
  const exits = present.filter(
    (path) => !path.endsWith('-process.ts') && /^src\/.*\.ts$/.test(path) && /\bprocess\.exit\(/.test(read(path)),
  )
  assert.deepEqual(exits, [])
})
