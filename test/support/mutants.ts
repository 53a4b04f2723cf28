import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

/** The compiled tree that holds this file. */
const dist = resolve(dirname(fileURLToPath(import.meta.url)), '../..')

/** A change to one compiled file that takes one check away. */
export interface Mutation {
  readonly file: string
  readonly name: string
  readonly mutate: (text: string) => string
}

/** Every place where one of `files` calls `callee`: the call gives undefined instead. */
export function withoutCalls(files: readonly string[], callee: string): Mutation[] {
  return files.flatMap((file) => {
    const text = readFileSync(join(dist, file), 'utf8')
    const call = new RegExp(`(?<!function )\\b${callee}\\(`, 'g')
    return [...text.matchAll(call)].map(({ index }) => ({
      file,
      name: `${file}: ${text.slice(index, index + 90).split('\n')[0]}`,
      mutate: (whole: string) => `${whole.slice(0, index)}void (${whole.slice(index + callee.length + 1)}`,
    }))
  })
}

/** One text for another, which has to be there exactly once: a list of mutations cannot go stale unnoticed. */
export function replacing(file: string, from: string, to: string): Mutation {
  return {
    file,
    name: `${file}: ${from} → ${to}`,
    mutate(text) {
      const count = text.split(from).length - 1
      if (count !== 1) throw new Error(`${JSON.stringify(from)} is ${count} times in ${file}`)
      return text.replace(from, () => to)
    },
  }
}

/**
 * A copy of some compiled folders of src with one change, for `import` beside the original. Inside dist, so that packages are
 * found; they are shared, as are the folders without the change.
 */
export function openMutant({ file, mutate }: Mutation, folders: readonly string[]): Mutant {
  const before = readFileSync(join(dist, file), 'utf8')
  const after = mutate(before)
  if (after === before) throw new Error(`${file} was not changed`)
  const place = mkdtempSync(join(dist, 'mutant-'))
  const changed = dirname(file)
  mkdirSync(join(place, dirname(changed)), { recursive: true })
  for (const folder of folders) {
    if (folder === changed) cpSync(join(dist, folder), join(place, folder), { recursive: true })
    else symlinkSync(join(dist, folder), join(place, folder), 'dir')
  }
  writeFileSync(join(place, file), after)
  return {
    place,
    load: (path) => import(pathToFileURL(join(place, path)).href),
    remove: () => rmSync(place, { recursive: true, force: true }),
  }
}

interface Mutant {
  readonly place: string
  /** A module of the copy, by its path within it. */
  readonly load: <Module>(path: string) => Promise<Module>
  readonly remove: () => void
}

/**
 * Runs one compiled test file against a copy of the tree with one change. Whether it failed, as it should: a test that
 * passes does not look at what was taken away.
 */
export function isNoticedBy(mutation: Mutation, testFile: string): boolean {
  const folder = dirname(mutation.file)
  const siblings = readdirSync(join(dist, 'src')).map((name) => `src/${name}`)
  const { place, remove } = openMutant(mutation, siblings.includes(folder) ? siblings : [folder, ...siblings])
  try {
    for (const name of ['test/support', dirname(testFile)]) {
      cpSync(join(dist, name), join(place, name), { recursive: true })
    }
    // Told to be quiet about being within a test itself.
    const { NODE_TEST_CONTEXT: _, ...env } = process.env
    const run = spawnSync(process.execPath, ['--test', '--test-timeout=5000', join(place, testFile)], { env })
    return run.status !== 0
  } finally {
    remove()
  }
}
