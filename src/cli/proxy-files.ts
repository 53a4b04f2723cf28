import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { fail } from '../base/errors.ts'
import { type Mistake, mistakesError, type YamlDocument } from '../base/yaml-document.ts'
import type { ProxyConfig } from '../config/proxy-config.ts'
import { readProxyConfig } from '../config/proxy-config-file.ts'
import type { Policy } from '../policy/policy.ts'
import { loadPolicy } from '../policy/policy-file.ts'
import { policyDisk } from './policy-disk.ts'
import { isReadable, unreadableFiles } from './proxy-named-files.ts'

/** The configuration with the policies that it names, each read whole. */
export interface ProxyFiles {
  readonly config: ProxyConfig
  readonly policies: ReadonlyMap<string, Policy>
  /** Every file whose change means that this should be read anew. */
  readonly watched: readonly string[]
}

/** Reads proxy.yaml and what it names. @throws CONFIG_INVALID with every mistake of all of them. */
export function readProxyFiles(file: string): ProxyFiles {
  const read = readProxyConfig(file, readText(file))
  if (!read.ok)
    throw mistakesError([...read.mistakes, ...(read.unchecked ? moreMistakes(read.unchecked) : [])].sort(byPlace(file)))
  const { config, document } = read
  const policies = new Map<string, Policy>()
  const mistakes: Mistake[] = [...unreadableFiles(document)]
  const watched = new Set([config.file, ...namedFiles(config)])
  const disk = {
    ...policyDisk,
    readText(path: string) {
      watched.add(path)
      return policyDisk.readText(path)
    },
  }
  for (const { name, policyFile } of config.databases.values()) {
    if (policies.has(policyFile) || !isReadable(policyFile)) continue
    const result = loadPolicy(policyFile, disk)
    if (!result.ok) mistakes.push(...result.mistakes)
    else {
      policies.set(policyFile, result.policy)
      const place = document.locate(['databases', name])
      mistakes.push(...rowMistakes(result.policy))
      mistakes.push(...policyMistakes(result.policy, config).map((message) => ({ ...place, message })))
    }
  }
  if (mistakes.length > 0) throw mistakesError(mistakes)
  return { config, policies, watched: [...watched] }
}

/** What is wrong with the files that a configuration names, whatever is wrong with itself. */
function moreMistakes(document: YamlDocument<unknown>): Mistake[] {
  const folder = dirname(resolve(document.locate([]).file))
  const { policy, databases } = (document.value ?? {}) as { policy?: unknown; databases?: unknown }
  const own = Object.values(databases ?? {}).map((one: { policy?: unknown } | null) => one?.policy)
  const named = new Set([policy, ...own].filter((one) => typeof one === 'string').map((one) => resolve(folder, one)))
  const policies = [...named].filter(isReadable).map((path) => loadPolicy(path, policyDisk))
  return [...unreadableFiles(document), ...policies.flatMap((one) => (one.ok ? rowMistakes(one.policy) : one.mistakes))]
}

/** The configuration's own mistakes first, each file's from top to bottom. */
function byPlace(file: string): (a: Mistake, b: Mistake) => number {
  return (a, b) =>
    Number(b.file === file) - Number(a.file === file) ||
    a.file.localeCompare(b.file) ||
    a.line - b.line ||
    a.column - b.column
}

/** Row rules, each at its own place in the policy. */
function rowMistakes({ rows }: Policy): Mistake[] {
  return rows.map(({ scope, place }) => ({
    ...place,
    message: `rows of scope "${scope}": row rules are not built yet; remove them`,
  }))
}

/** What a policy that is well-formed in itself must not be under this configuration. */
function policyMistakes(policy: Policy, config: ProxyConfig): string[] {
  const mistakes: string[] = []
  const issuers = new Set(config.issuers.map(({ issuer }) => issuer))
  for (const { role, issuers: named } of policy.roles) {
    if (named === undefined && config.issuers.length > 1) {
      mistakes.push(`${policy.file}: with several issuers the rule of role "${role}" must name its issuer ("*" is any)`)
    }
    for (const one of named ?? []) {
      if (one !== '*' && !issuers.has(one))
        mistakes.push(`${policy.file}: the rule of role "${role}" names ${one}, which is no issuer here`)
    }
  }
  return mistakes
}

function namedFiles({ tls, issuers, admin, logout }: ProxyConfig): string[] {
  const files = [
    tls?.cert,
    tls?.key,
    tls?.clientCa,
    ...Object.values(admin?.tls ?? {}),
    ...Object.values(logout?.tls ?? {}),
    ...issuers.flatMap(({ jwksFile, caFile }) => [jwksFile, caFile]),
  ]
  return files.filter((file) => file !== undefined)
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    fail('CONFIG_INVALID', {
      detail: `cannot read ${file}: ${(cause as Error).message}`,
      fix: 'check --config and the file names in it; "pgoauth proxy init" writes both files to start from',
      cause,
    })
  }
}
