import { readFileSync } from 'node:fs'
import { fail } from '../base/errors.ts'
import { type Mistake, mistakesError } from '../base/yaml-document.ts'
import { type ProxyConfig, readProxyConfig } from '../config/proxy-config.ts'
import type { Policy } from '../policy/policy.ts'
import { loadPolicy } from '../policy/policy-file.ts'
import { policyDisk } from './policy-disk.ts'

/** The configuration with the policies that it names, each read whole. */
export interface ProxyFiles {
  readonly config: ProxyConfig
  readonly policies: ReadonlyMap<string, Policy>
}

/** Reads proxy.yaml and what it names. @throws CONFIG_INVALID with every mistake of all of them. */
export function readProxyFiles(file: string): ProxyFiles {
  const read = readProxyConfig(file, readText(file))
  if (!read.ok) throw mistakesError(read.mistakes)
  const policies = new Map<string, Policy>()
  const mistakes: Mistake[] = []
  for (const { policyFile } of read.config.databases.values()) {
    if (policies.has(policyFile)) continue
    readText(policyFile)
    const result = loadPolicy(policyFile, policyDisk)
    if (result.ok) policies.set(policyFile, result.policy)
    else mistakes.push(...result.mistakes)
  }
  if (mistakes.length > 0) throw mistakesError(mistakes)
  return { config: read.config, policies }
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    fail('CONFIG_INVALID', { detail: `cannot read ${file}: ${(cause as Error).message}`, cause })
  }
}
