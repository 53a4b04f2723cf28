import { readFile, writeFile } from 'node:fs/promises'
import { text as readAllText } from 'node:stream/consumers'
import { asPgoauthError, fail } from '../base/errors.ts'
import { suggest } from '../base/suggest.ts'
import { mistakesError } from '../base/yaml-document.ts'
import { parseCatalog } from '../catalog/load-catalog.ts'
import type { Policy } from '../policy/policy.ts'
import { isObserving, loadPolicy } from '../policy/policy-file.ts'
import { loadParser } from '../sql/analyse.ts'
import type { Catalog, CatalogSnapshot } from '../sql/catalog.ts'
import { indexCatalog, namesOnlyCatalog } from '../sql/catalog-index.ts'
import type { CliContext } from './context.ts'
import { writeLine, writeLineOut } from './line-output.ts'
import { type Explanation, explainStatement, explanationJson, explanationText, splitScopes } from './policy-answer.ts'
import { explainBatch } from './policy-batch.ts'
import { roleOfClaims } from './policy-claims.ts'
import { policyDisk } from './policy-disk.ts'

export interface ExplainFlags {
  readonly policy: string
  readonly scopes: string
  readonly claims?: string
  readonly catalog?: string
  readonly server?: string
  readonly dumpCatalog?: string
  readonly json?: boolean
  readonly batch?: boolean
}

/**
 * `pgoauth policy explain`: decides without running. Exit 0 allowed, 4 denied.
 *
 * @throws CONFIG_INVALID for a policy or a catalog that cannot be read; what the server throws.
 */
export async function explain(context: CliContext, sql: string | undefined, flags: ExplainFlags): Promise<void> {
  const snapshot = await readCatalog(context, flags)
  if (flags.dumpCatalog !== undefined) {
    if (!snapshot) fail('USAGE', { detail: '--dump-catalog needs --server', fix: 'give --server postgresql://…' })
    await writeFile(flags.dumpCatalog, `${JSON.stringify(snapshot)}\n`)
    if (sql === undefined && !flags.batch) {
      writeLine(context.stderr, `wrote ${snapshot.relations.length} relations to ${flags.dumpCatalog}`)
      return
    }
  }
  const policy = readPolicy(flags.policy)
  const catalog = catalogFor(policy, snapshot)
  await loadParser()
  const observing = isObserving(policy, context.clock.nowMs())
  if (flags.batch) {
    await explainBatch(context, { policy, catalog, observing })
    return
  }
  const statement = sql ?? (await readAllText(context.stdin))
  const scopes = splitScopes(flags.scopes)
  noteUnknownScopes(context, scopes, policy)
  const answer = explainStatement(statement, scopes, { policy, catalog, observing })
  const role = flags.claims === undefined ? undefined : roleOfClaims(policy, flags.claims)
  await writeLineOut(context.stdout, flags.json ? JSON.stringify(withRole(answer, role)) : textWithRole(answer, role))
  if (answer.decision === 'deny') context.setExitCode(4)
}

function withRole(answer: Explanation, role: string | null | undefined): object {
  return role === undefined ? explanationJson(answer) : { ...explanationJson(answer), role }
}

function textWithRole(answer: Explanation, role: string | null | undefined): string {
  if (role === undefined) return explanationText(answer)
  return `${explanationText(answer)}\nrole: ${role ?? 'none of the rules holds, the login would be refused'}`
}

/** A scope that the policy does not know gives nothing: more often a slip than meant. */
function noteUnknownScopes(context: CliContext, scopes: readonly string[], policy: Policy): void {
  for (const scope of scopes.filter((one) => !policy.scopes.has(one))) {
    const near = suggest(scope, policy.scopes.keys())
    const question = near === undefined ? '' : `; did you mean "${near}"?`
    writeLine(context.stderr, `note: the policy has no scope "${scope}"${question}`)
  }
}

/** The policy, with every mistake in it told at once. */
export function readPolicy(file: string): Policy {
  try {
    const result = loadPolicy(file, policyDisk)
    if (result.ok) return result.policy
    throw mistakesError(result.mistakes)
  } catch (thrown) {
    throw asPgoauthError(thrown, 'CONFIG_INVALID')
  }
}

export function catalogFor(policy: Policy, snapshot: CatalogSnapshot | undefined): Catalog {
  return snapshot ? indexCatalog(snapshot, policy.searchPath) : namesOnlyCatalog(policy.searchPath)
}

async function readCatalog(context: CliContext, flags: ExplainFlags): Promise<CatalogSnapshot | undefined> {
  if (flags.server !== undefined) {
    const { catalogOfServer } = await import('./policy-server.ts')
    return await catalogOfServer(context, flags.server)
  }
  return flags.catalog === undefined ? undefined : await readCatalogFile(flags.catalog)
}

export async function readCatalogFile(file: string): Promise<CatalogSnapshot> {
  try {
    return parseCatalog(await readFile(file, 'utf8'))
  } catch (thrown) {
    throw asPgoauthError(thrown, 'CONFIG_INVALID')
  }
}
