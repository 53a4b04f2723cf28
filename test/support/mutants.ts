import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
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
export function openMutant({ file, mutate }: Mutation, folders: readonly string[]): { load: Load; remove: () => void } {
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
    load: (path) => import(pathToFileURL(join(place, path)).href),
    remove: () => rmSync(place, { recursive: true, force: true }),
  }
}

type Load = <Module>(path: string) => Promise<Module>
