import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { asPgoauthError } from '../base/errors.ts'
import { checkYaml, readYamlOrThrow } from '../base/yaml-document.ts'
import { isObserving } from '../policy/policy-file.ts'
import { loadParser } from '../sql/analyse.ts'
import type { CliContext } from './context.ts'
import { writeLineOut } from './line-output.ts'
import { explainStatement } from './policy-answer.ts'
import { catalogFor, readCatalogFile, readPolicy } from './policy-explain.ts'

const oneCase = z.strictObject({
  scopes: z.union([z.string().transform((text) => text.split(/[\s,]+/)), z.array(z.string())]).default([]),
  sql: z.string(),
  expect: z.enum(['allow', 'deny']),
  why: z.string().optional(),
})

/** A list of cases, or a mapping that also names the policy and the catalog they are for. */
const listSchema = z.array(oneCase)
const fileSchema = z.strictObject({ policy: z.string().optional(), catalog: z.string().optional(), cases: listSchema })

/** What the file says, and where its cases stand. */
function readCases(file: string) {
  const text = readText(file)
  if (checkYaml(file, text, z.array(z.unknown())).ok) {
    const { value: cases, locate } = readYamlOrThrow(file, text, listSchema)
    return { cases, policy: undefined, catalog: undefined, lineOf: (index: number) => locate([index]).line }
  }
  const { value, locate } = readYamlOrThrow(file, text, fileSchema)
  return { ...value, lineOf: (index: number) => locate(['cases', index]).line }
}

/** `pgoauth policy test`: a line for each case that went otherwise than expected, then a summary; exit 1 on a miss. */
export async function runPolicyTest(
  context: CliContext,
  file: string,
  flags: { readonly policy?: string; readonly catalog?: string },
): Promise<void> {
  const value = readCases(file)
  const beside = (name: string) => join(dirname(file), name)
  const policy = readPolicy(flags.policy ?? beside(value.policy ?? 'policy.yaml'))
  const catalogFile = flags.catalog ?? (value.catalog === undefined ? undefined : beside(value.catalog))
  const catalog = catalogFor(policy, catalogFile === undefined ? undefined : await readCatalogFile(catalogFile))
  await loadParser()
  const observing = isObserving(policy, context.clock.nowMs())
  let misses = 0
  for (const [index, { scopes, sql, expect, why }] of value.cases.entries()) {
    const { decision, reason } = explainStatement(sql, scopes, { policy, catalog, observing })
    if (decision === expect) continue
    misses++
    const because = reason === undefined ? '' : `: ${reason}`
    await writeLineOut(context.stdout, `${file}:${value.lineOf(index)}: expected ${expect}, got ${decision}${because}`)
    await writeLineOut(
      context.stdout,
      `    ${sql.trim().replace(/\s+/g, ' ')}${why === undefined ? '' : `   # ${why}`}`,
    )
  }
  const total = value.cases.length
  await writeLineOut(context.stdout, `${total - misses} of ${total} cases as expected`)
  if (misses > 0) context.setExitCode(1)
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (thrown) {
    throw asPgoauthError(thrown, 'CONFIG_INVALID')
  }
}
