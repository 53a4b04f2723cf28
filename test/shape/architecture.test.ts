import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../../..')

test('docs/ARCHITECTURE.md has a line for each source file, under its folder, and for no other', () => {
  const listed: string[] = []
  let folder = ''
  for (const line of readFileSync(join(root, 'docs/ARCHITECTURE.md'), 'utf8').split('\n')) {
    const heading = /^### (\S+)\/$/.exec(line)
    if (heading) folder = heading[1] ?? ''
    const file = /^- `([^`]+)`: \S/.exec(line)
    if (file && folder) listed.push(`${folder}/${file[1]}`)
  }
  const present = ['bin', 'src'].flatMap((top) =>
    readdirSync(join(root, top), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
      .map((entry) => relative(root, join(entry.parentPath, entry.name))),
  )
  assert.deepEqual(listed.toSorted(), present.toSorted())
})
