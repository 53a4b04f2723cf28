import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { layerViolations } from '../support/layers.ts'

/** dist/test/shape → the checkout. */
const root = resolve(dirname(fileURLToPath(import.meta.url)), '../../..')

function sourceFiles(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
}

const files = [...sourceFiles('src'), ...sourceFiles('bin')].map((path) => ({
  path,
  text: readFileSync(join(root, path), 'utf8'),
}))

test('every import goes to its own folder or a lower layer', () => {
  assert.deepEqual(layerViolations(files), [])
})

test('a planted import of a higher layer is found', () => {
  const planted = { path: 'src/wire/planted.ts', text: "import { x } from '../proxy/door.ts'" }
  assert.deepEqual(layerViolations([planted]), ['src/wire/planted.ts imports src/proxy: wire may not'])
})

test('a planted import of a neighbour in the same layer is found', () => {
  const planted = { path: 'src/tunnel/planted.ts', text: "const x = await import('../login/browser.ts')" }
  assert.deepEqual(layerViolations([planted]), ['src/tunnel/planted.ts imports src/login: tunnel may not'])
})

test('a planted import of the policy into the tunnel is found, though policy is lower', () => {
  const planted = { path: 'src/tunnel/planted.ts', text: "import type { Policy } from '../policy/policy.ts'" }
  assert.deepEqual(layerViolations([planted]), ['src/tunnel/planted.ts imports src/policy: tunnel may not'])
})

test('a planted import of the keychain into the proxy is found, though tokens is lower', () => {
  const planted = { path: 'src/proxy/planted.ts', text: "export { x } from '../tokens/keychain.ts'" }
  assert.deepEqual(layerViolations([planted]), ['src/proxy/planted.ts imports src/tokens: proxy may not'])
})

test('a planted socket, file, clock or random number in a pure folder is found', () => {
  const planted = {
    path: 'src/sql/planted.ts',
    text: "import { readFileSync } from 'node:fs'\nconst x = Math.random() + Date.now()",
  }
  assert.deepEqual(layerViolations([planted]), [
    'src/sql/planted.ts imports node:fs: sql is pure',
    'src/sql/planted.ts uses Date.now: time comes from the clock',
    'src/sql/planted.ts uses Math.random: sql is pure',
  ])
})

test('a folder that no layer names is found', () => {
  const planted = { path: 'src/helpers/planted.ts', text: '' }
  assert.deepEqual(layerViolations([planted]), ['src/helpers/planted.ts lies in a folder that no layer names'])
})
