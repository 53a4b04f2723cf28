import { readFile } from 'node:fs/promises'
import { fail } from '../base/errors.ts'
import type { Paths } from './paths.ts'
import { readCachedProfiles, writeCachedProfiles } from './profile-cache.ts'
import type { WrittenProfile } from './profile-schema.ts'

/** What config.yaml says, checked; before flags, environment and defaults. */
export interface ProfileFile {
  readonly file: string
  readonly exists: boolean
  readonly default: string | undefined
  readonly profiles: Readonly<Record<string, WrittenProfile>>
}

/**
 * Reads config.yaml; a file that is not there holds no profiles.
 *
 * The YAML parser and the schema cost more time than Node itself takes to start, so what they said of a
 * text is kept in the cache directory and believed for exactly that text.
 *
 * @throws CONFIG_INVALID with every mistake at its line and column.
 */
export async function loadProfiles(paths: Paths): Promise<ProfileFile> {
  const text = await readConfigText(paths.configFile)
  if (text === undefined) return { file: paths.configFile, exists: false, default: undefined, profiles: {} }

  const cached = readCachedProfiles(paths, text)
  if (cached) return { file: paths.configFile, exists: true, ...cached }

  const read = await readProfileText(paths.configFile, text)
  writeCachedProfiles(paths, text, read)
  return { file: paths.configFile, exists: true, ...read }
}

/** Checks a text as config.yaml; `file` is what mistakes name. */
export async function readProfileText(
  file: string,
  text: string,
): Promise<{ default: string | undefined; profiles: Record<string, WrittenProfile> }> {
  const [{ mistakesError, readYamlOrThrow }, { configSchema }] = await Promise.all([
    import('../base/yaml-document.ts'),
    import('./profile-schema.ts'),
  ])
  const document = readYamlOrThrow(file, text, configSchema)
  const { default: defaultName, profiles } = document.value
  if (defaultName !== undefined && !Object.hasOwn(profiles, defaultName)) {
    const { suggest } = await import('../base/suggest.ts')
    const near = suggest(defaultName, Object.keys(profiles))
    const message = `default: there is no profile "${defaultName}"${near ? `; did you mean "${near}"?` : ''}`
    throw mistakesError([{ ...document.locate(['default']), message }])
  }
  return { default: defaultName, profiles }
}

async function readConfigText(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    fail('CONFIG_INVALID', { detail: `${file} cannot be read (${code})`, cause: error })
  }
}
