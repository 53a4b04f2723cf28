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
  writeCache(paths, cacheFile(paths), cache)
}

interface OverridesFile {
  readonly schema: string
  /** Newest first: the overrides as JSON, and what the schema made of them. */
  readonly known: readonly (readonly [overrides: string, parsed: WrittenProfile])[]
}

/** How many combinations of flags and environment are remembered. */
const MOST_OVERRIDES = 16

/** What the schema made of exactly these flags and variables before, or undefined. */
export function readCachedOverrides(paths: Paths, overrides: string): WrittenProfile | undefined {
  return readOverridesFile(paths)?.known.find(([known]) => known === overrides)?.[1]
}

export function writeCachedOverrides(paths: Paths, overrides: string, parsed: WrittenProfile): void {
  const others = readOverridesFile(paths)?.known.slice(0, MOST_OVERRIDES - 1) ?? []
  const cache: OverridesFile = { schema: schemaStamp(), known: [[overrides, parsed], ...others] }
  writeCache(paths, overridesFile(paths), cache)
}

function readOverridesFile(paths: Paths): OverridesFile | undefined {
  try {
    const cache = JSON.parse(readFileSync(overridesFile(paths), 'utf8')) as OverridesFile
    return cache.schema === schemaStamp() ? cache : undefined
  } catch {
    return undefined
  }
}

function writeCache(paths: Paths, file: string, cache: CacheFile | OverridesFile): void {
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

function overridesFile(paths: Paths): string {
  return join(paths.cacheDir, 'overrides.json')
}

/** Another build of the schema may read a text differently, so its file's stamp is part of the key. */
function schemaStamp(): string {
  const { mtimeMs, size } = statSync(fileURLToPath(import.meta.url).replace('profile-cache', 'profile-schema'))
  return `${mtimeMs}:${size}`
}
