import { withWorkersFiles } from '../audit/audit-path.ts'
import { fail } from '../base/errors.ts'
import { auditText, type ReadAuditEvent, readAuditLine } from './audit-text.ts'
import { linesOf } from './audit-verify.ts'
import type { CliContext } from './context.ts'
import { writeLine } from './line-output.ts'

/** `pgoauth audit find`: the events of a request id, each with why and what would change it. Exits 1 without any. */
export async function findInAudit(
  context: CliContext,
  requestId: string,
  files: readonly string[],
  flags: { readonly json?: boolean },
): Promise<void> {
  let found = 0
  for await (const line of linesOf(withWorkersFiles(files))) {
    if (!line.includes(requestId)) continue
    const event = readAuditLine(line)
    if (event?.request_id !== requestId) continue
    found++
    writeLine(context.stdout, flags.json ? line : [auditText(event), ...fixOf(event)].join('\n'))
  }
  if (found === 0)
    fail('NOT_FOUND', { detail: `no event has the request id ${requestId}`, fix: 'name rotated files too' })
}

function fixOf({ event, sql_fingerprint, scopes, missing_scopes, reason }: ReadAuditEvent): string[] {
  const lines: string[] = []
  if (sql_fingerprint !== undefined) lines.push(`  statement  ${sql_fingerprint}`)
  if (Array.isArray(scopes)) lines.push(`  scopes     ${scopes.join(' ') || 'none'}`)
  if (event !== 'statement_denied') return lines
  if (Array.isArray(missing_scopes) && missing_scopes.length > 0) {
    lines.push(`  fix        any one of these scopes allows it: ${missing_scopes.join(', ')}`)
  } else if (reason?.includes('under never')) lines.push('  fix        it is under never: no scope allows it')
  else lines.push('  fix        no scope of the policy allows it; "pgoauth policy explain" shows what it needs')
  return lines
}
