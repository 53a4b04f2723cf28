import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { readAuditKey } from '../audit/audit-key.ts'
import { withWorkersFiles } from '../audit/audit-path.ts'
import { type AuditFlaw, AuditVerification } from '../audit/audit-verification.ts'
import { asPgoauthError, fail } from '../base/errors.ts'
import type { CliContext } from './context.ts'
import { writeLine } from './line-output.ts'

const HEAD = /^[0-9a-f]+:\d+:[0-9a-f]{64}$/

/** `pgoauth audit verify`: says what stands against the files, or that nothing does; exits 1 where something does. */
export async function verifyAudit(
  context: CliContext,
  files: readonly string[],
  flags: { readonly keyFile: string; readonly head?: readonly string[]; readonly json?: boolean },
): Promise<void> {
  const kept = flags.head ?? []
  if (!kept.every((head) => HEAD.test(head))) fail('USAGE', { detail: '--head is CHAIN:SEQ:MAC' })
  const verification = new AuditVerification(readAuditKey(flags.keyFile), ...kept)
  const all = withWorkersFiles(files)
  const ends: FileEnd[] = []
  let count = 0
  for (const file of all) {
    for await (const line of linesOf([file])) {
      verification.line(line)
      count++
    }
    ends.push({ file, end: count })
  }
  const { lines, heads, flaws: found } = verification.finish()
  const flaws = all.length === 1 ? found : found.map((flaw) => placed(flaw, ends))
  if (flaws.length > 0) context.setExitCode(1)
  const chains = [...heads].map(([chain, { seq, mac }]) => `${chain}:${seq}:${mac}`)
  if (flags.json) {
    writeLine(context.stdout, JSON.stringify({ ok: flaws.length === 0, lines, heads: chains, flaws }))
    return
  }
  for (const { file, line, what } of flaws as PlacedFlaw[]) {
    writeLine(context.stderr, `${file === undefined ? '' : `${file} `}line ${line} ${what}`)
  }
  if (flaws.length > 0) return
  writeLine(context.stderr, `${lines} lines, nothing changed; heads to keep elsewhere:`)
  for (const head of chains) writeLine(context.stdout, head)
}

interface FileEnd {
  readonly file: string
  /** Lines of all files up to its end. */
  readonly end: number
}

interface PlacedFlaw extends AuditFlaw {
  /** Where there are several; then `line` is the file's. */
  readonly file?: string
}

/** What was counted over all files, as a line of one of them. */
function placed({ line, what }: AuditFlaw, ends: readonly FileEnd[]): PlacedFlaw {
  const at = ends.findIndex(({ end }) => line <= end)
  return { file: ends[at]?.file ?? '', line: line - (ends[at - 1]?.end ?? 0), what }
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
