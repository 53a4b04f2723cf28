import type { AuditLine, TrialResult } from './trials.ts'

/** How words are dressed; plain where colour is not wanted. */
export interface Dress {
  bold(text: string): string
  dim(text: string): string
  green(text: string): string
  red(text: string): string
  yellow(text: string): string
}

const LABEL_WIDTH = 10

/** One part of the demonstration that has come up: what it is, and where. */
export function partLine(dress: Dress, name: string, where: string, what: string): string {
  return `  ${dress.bold(name.padEnd(LABEL_WIDTH))}${where.padEnd(26)}${dress.dim(what)}`
}

/** What became of one statement: a line for it, and one for the audit's where there is one. */
export function trialLines(dress: Dress, { sql, rows, refusal, audit, wrong }: TrialResult): string[] {
  const lines: string[] = []
  if (refusal === undefined) {
    lines.push(
      `  ${dress.green('allowed'.padEnd(LABEL_WIDTH))}${sql}  ${dress.dim(rows === 1 ? '1 row' : `${rows} rows`)}`,
    )
  } else {
    lines.push(`  ${dress.red('denied'.padEnd(LABEL_WIDTH))}${sql}`)
    lines.push(`  ${''.padEnd(LABEL_WIDTH)}${refusal.sqlstate} ${refusal.message}${refusal.why && ` (${refusal.why})`}`)
  }
  if (audit) lines.push(`  ${''.padEnd(LABEL_WIDTH)}${dress.dim(`audit: ${auditText(audit)}`)}`)
  if (wrong !== undefined) lines.push(`  ${dress.yellow('WRONG'.padEnd(LABEL_WIDTH))}${wrong}`)
  return lines
}

/** The telling fields of an audit line, in its own order and notation. */
export function auditText({ event, request_id, subject, role, action, object, reason }: AuditLine): string {
  return JSON.stringify({ event, request_id, subject, role, action, object, reason })
}

/** How to go on from another terminal. */
export function invitation(
  dress: Dress,
  at: {
    url: string
    psql: boolean
    policy: string
    profiles: string
    audit: string
    trials: readonly { sql: string }[]
  },
): string {
  return [
    '',
    dress.bold('Connect from another terminal, with any Postgres tool:'),
    `  psql '${at.url}'`,
    `  ${at.url}`,
    '',
    dress.bold('Try:'),
    ...at.trials.map(({ sql }) => `  ${sql};`),
    '',
    dress.bold('Look at, or change:'),
    `  ${at.policy}  ${dress.dim('(counts from the next statement on)')}`,
    `  ${at.audit}`,
    '',
    dress.dim('Ctrl-C ends everything and leaves nothing behind.'),
    '',
  ].join('\n')
}
