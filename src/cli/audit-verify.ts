import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { readAuditKey } from '../audit/audit-key.ts'
import { AuditVerification } from '../audit/audit-verification.ts'
import { asPgoauthError, fail } from '../base/errors.ts'
import type { CliContext } from './context.ts'
import { writeLine } from './line-output.ts'

const HEAD = /^[0-9a-f]+:\d+:[0-9a-f]{64}$/

/** `pgoauth audit verify`: says what stands against the files, or that nothing does; exits 1 where something does. */
export async function verifyAudit(
  context: CliContext,
  files: readonly string[],
  flags: { readonly keyFile: string; readonly head?: string; readonly json?: boolean },
): Promise<void> {
  if (flags.head !== undefined && !HEAD.test(flags.head)) fail('USAGE', { detail: '--head is CHAIN:SEQ:MAC' })
  const verification = new AuditVerification(readAuditKey(flags.keyFile), flags.head)
  for await (const line of linesOf(files)) verification.line(line)
  const { lines, heads, flaws } = verification.finish()
  if (flaws.length > 0) context.setExitCode(1)
  const chains = [...heads].map(([chain, { seq, mac }]) => `${chain}:${seq}:${mac}`)
  if (flags.json) {
    writeLine(context.stdout, JSON.stringify({ ok: flaws.length === 0, lines, heads: chains, flaws }))
    return
  }
  for (const { line, what } of flaws) writeLine(context.stderr, `line ${line} ${what}`)
  if (flaws.length > 0) return
  writeLine(context.stderr, `${lines} lines, nothing changed; heads to keep elsewhere:`)
  for (const head of chains) writeLine(context.stdout, head)
}

/** The lines of files, one file after another. @throws USAGE where one cannot be read. */
export async function* linesOf(files: readonly string[]): AsyncGenerator<string> {
  for (const file of files) {
    try {
      yield* createInterface({ input: createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY })
    } catch (thrown) {
      throw asPgoauthError(thrown, 'USAGE')
    }
  }
}
