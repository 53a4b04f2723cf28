import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Paths } from './paths.ts'
import type { WrittenProfile } from './profile-schema.ts'

interface ParsedProfiles {
  readonly default: string | undefined
  readonly profiles: Record<string, WrittenProfile>
}

interface CacheFile extends ParsedProfiles {
  readonly schema: string
  readonly file: string
  readonly text: string
}

/**
 * What the schema made of exactly this text before, or undefined. The whole text is compared, not its
 * time stamp, so an edit within one clock tick is seen.
 */
export function readCachedProfiles(paths: Paths, text: string): ParsedProfiles | undefined {
  try {
    const cache = JSON.parse(readFileSync(cacheFile(paths), 'utf8')) as CacheFile
    if (cache.file !== paths.configFile || cache.text !== text || cache.schema !== schemaStamp()) return undefined
    return { default: cache.default, profiles: cache.profiles }
  } catch {
    return undefined
  }
}

/** Best effort: without a cache everything works, only slower. */
export function writeCachedProfiles(paths: Paths, text: string, { default: name, profiles }: ParsedProfiles): void {
  const cache: CacheFile = { schema: schemaStamp(), file: paths.configFile, text, default: name, profiles }
  const file = cacheFile(paths)
  const temporary = `${file}.${process.pid}`
  try {
    mkdirSync(paths.cacheDir, { recursive: true, mode: 0o700 })
    writeFileSync(temporary, JSON.stringify(cache), { mode: 0o600 })
    renameSync(temporary, file)
  } catch {
    // A cache directory that cannot be written is no reason to fail.
  }
}

function cacheFile(paths: Paths): string {
  return join(paths.cacheDir, 'profiles.json')
}

/** Another build of the schema may read a text differently, so its file's stamp is part of the key. */
function schemaStamp(): string {
  const { mtimeMs, size } = statSync(fileURLToPath(import.meta.url).replace('profile-cache', 'profile-schema'))
  return `${mtimeMs}:${size}`
}
