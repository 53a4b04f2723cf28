/**
 * The first minor of each major in which a role set in the startup packet stays what RESET falls back to
 * (CVE-2024-10978).
 */
const MINIMUM_MINORS: Readonly<Record<number, number>> = { 14: 14, 15: 9, 16: 5, 17: 1 }
const OLDEST_MAJOR = 14

export interface ServerCheck {
  /** As `server_version_num`: 180004. */
  readonly versionNumber: number
  /** Why this server cannot be used; undefined: it can. */
  readonly mistake: string | undefined
}

/** Checks what a server reports of itself at startup: version, encoding, and how it reads string literals. */
export function serverMistake(parameters: ReadonlyMap<string, string>): ServerCheck {
  const version = parameters.get('server_version') ?? ''
  const [, major, minor] = /^(\d+)(?:\.(\d+))?/.exec(version) ?? []
  const versionNumber = Number(major ?? 0) * 10_000 + Number(minor ?? 0)
  const mistake = versionMistake(version, Number(major ?? 0), minor) ?? readingMistake(parameters)
  return { versionNumber, mistake }
}

/** A pre-release (`19devel`, `18beta1`) has no minor; it is newer than what the minimum asks for. */
function versionMistake(version: string, major: number, minor: string | undefined): string | undefined {
  if (major < OLDEST_MAJOR)
    return `PostgreSQL ${version || 'of no known version'} is not supported; 14.14 is the oldest`
  const least = MINIMUM_MINORS[major]
  if (least === undefined || (minor !== undefined && Number(minor) >= least)) return undefined
  return `PostgreSQL ${version} resets roles wrongly (CVE-2024-10978); bring it to ${major}.${least} or later`
}

function readingMistake(parameters: ReadonlyMap<string, string>): string | undefined {
  const encoding = parameters.get('server_encoding')
  if (encoding !== 'UTF8') return `server_encoding is ${encoding ?? 'not reported'}; only UTF8 databases can be served`
  if (parameters.get('client_encoding') !== 'UTF8') return 'client_encoding is not UTF8'
  if (parameters.get('standard_conforming_strings') !== 'on') return 'standard_conforming_strings is not on'
  return undefined
}
