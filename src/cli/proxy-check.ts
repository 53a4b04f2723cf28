import { readFileSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { asPgoauthError, fail, type PgoauthError } from '../base/errors.ts'
import { silentLog } from '../base/log.ts'
import { Secret } from '../base/secret.ts'
import { MistakesError } from '../base/yaml-document.ts'
import type { Policy } from '../policy/policy.ts'
import { type Generation, openGeneration } from '../proxy/generation.ts'
import type { CliContext } from './context.ts'
import { writeLine } from './line-output.ts'
import { catalogWarnings } from './proxy-check-catalog.ts'
import { type LiveFinding, liveFindings } from './proxy-check-live.ts'
import { type TokenReport, tokenReport } from './proxy-check-token.ts'
import { type ProxyFiles, readProxyFiles } from './proxy-files.ts'

export interface ProxyCheckRequest {
  readonly file: string
  readonly live?: boolean
  readonly token?: string
  readonly json?: boolean
}

/**
 * `pgoauth proxy check`: exit 0 where nothing is wrong, 1 where something live is, 5 where something could not be
 * reached, 4 where the token is refused.
 *
 * @throws CONFIG_INVALID with every mistake.
 */
export async function checkProxy(context: CliContext, request: ProxyCheckRequest): Promise<void> {
  const files = readFiles(context, request)
  const generation = openGeneration({ ...files, clock: context.clock, log: silentLog, env: context.env })
  try {
    const findings = request.live ? await liveFindings(files, generation) : []
    const warnings = [...warningsOf(files), ...(request.live ? await catalogWarnings(generation) : [])]
    const token = request.token === undefined ? undefined : await reportOn(request.token, context, generation)
    if (request.json) {
      const live = findings.map(({ part, error }) => ({ part, ok: error === undefined, reason: error?.detail }))
      const { file } = request
      writeLine(context.stdout, JSON.stringify({ file, mistakes: [], warnings, live, ...(token && { token }) }))
    } else {
      say(context, request, files, { warnings, findings, token })
    }
    const wrong = findings.flatMap(({ error }) => (error ? [error] : []))
    if (wrong.length > 0) context.setExitCode(exitCodeOf(wrong))
    else if (token && !token.accepted) context.setExitCode(4)
  } finally {
    for (const { pool, judge } of generation.databases.values()) {
      pool.close()
      void judge
    }
  }
}

/** With --json mistakes are on stdout too, for whoever reads what comes of a check by program. */
function readFiles({ stdout }: CliContext, { file, json }: ProxyCheckRequest): ProxyFiles {
  try {
    return readProxyFiles(file)
  } catch (error) {
    if (json && error instanceof MistakesError) writeLine(stdout, JSON.stringify({ file, mistakes: error.mistakes }))
    throw error
  }
}

interface Found {
  readonly warnings: readonly string[]
  readonly findings: readonly LiveFinding[]
  readonly token: TokenReport | undefined
}

function say(
  { stderr, stdout }: CliContext,
  { file }: ProxyCheckRequest,
  files: ProxyFiles,
  { warnings, findings, token }: Found,
): void {
  const { config, policies } = files
  const names = [...config.databases.keys()].join(', ')
  writeLine(stderr, `${file}: no mistakes (databases: ${names}; policy files: ${policies.size})`)
  for (const warning of warnings) writeLine(stderr, `warning: ${warning}`)
  for (const { part, error } of findings) {
    writeLine(stderr, `${error ? 'WRONG' : 'ok   '} ${part}${error ? `: ${error.detail ?? error.say}` : ''}`)
    if (error?.fix) writeLine(stderr, `      try: ${error.fix}`)
  }
  if (token === undefined) return
  for (const { check, ok, note } of token.checks) {
    writeLine(stdout, `${ok ? 'ok     ' : 'REFUSED'} ${check}${note === undefined ? '' : `: ${note}`}`)
  }
  for (const { database, role, scopes, grants, reason } of token.databases) {
    writeLine(
      stdout,
      `database ${database}: ${reason ?? `role ${role}; scopes ${scopes.join(' ') || '(none that the policy knows)'}`}`,
    )
    for (const grant of grants) writeLine(stdout, `  ${grant}`)
  }
}

/** Both from proxy-schema.ts: of the defaults themselves nothing is said. */
const DEFAULT_WAIT_MS = 30_000
const DEFAULT_HANDSHAKE_MS = 15_000

function warningsOf({ config, policies }: ProxyFiles): string[] {
  const { handshakeMs } = config.limits
  const tooLong = [...config.databases.values()].filter(
    ({ pool: { waitMs } }) =>
      waitMs > handshakeMs && !(waitMs === DEFAULT_WAIT_MS && handshakeMs === DEFAULT_HANDSHAKE_MS),
  )
  return [
    ...tooLong.map(
      ({ name, pool: { waitMs } }) =>
        `databases.${name}.pool.wait (${waitMs / 1000}s) is longer than limits.handshake (${handshakeMs / 1000}s), which ends the wait of a client that logs in`,
    ),
    ...policyWarnings([...policies.values()]),
  ]
}

/** `never` names statements, not data: whoever can run code of their own, or take the object down, gets round it. */
function policyWarnings(policies: readonly Policy[]): string[] {
  return policies.flatMap(({ file, scopes, never }) => {
    if (!never.all && never.objects.size === 0) return []
    const names = [...scopes].filter(([, { all, objects }]) => all || objects.has('all') || objects.has('code'))
    return names.map(([name]) => `${file}: scope "${name}" gives all or code, and so can undo what never forbids`)
  })
}

function exitCodeOf(errors: readonly PgoauthError[]): number {
  return errors.every(({ exit }) => exit === 5) ? 5 : 1
}

async function reportOn(from: string, { stdin, clock }: CliContext, generation: Generation): Promise<TokenReport> {
  const token = (from === '-' ? await text(stdin) : readToken(from)).trim()
  if (token === '') fail('USAGE', { detail: `there is no token in ${from === '-' ? 'stdin' : from}` })
  return tokenReport(new Secret(token), generation, clock.nowMs())
}

function readToken(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    return fail('USAGE', { detail: `--token: ${asPgoauthError(cause).detail ?? file}`, cause })
  }
}
