/** How the text of a flag or an environment variable becomes the value of a key. */
type Reading = 'text' | 'path' | 'number' | 'boolean' | 'words' | 'list' | 'command'

/** Every key of a profile that a flag (`--client-id`) or the environment (`PGOAUTH_CLIENT_ID`) may give. */
export const PROFILE_KEYS = {
  host: 'text',
  port: 'number',
  database: 'text',
  user: 'text',
  'tls.mode': 'text',
  'tls.ca': 'path',
  'tls.cert': 'path',
  'tls.key': 'path',
  'tls.server_name': 'text',
  sslnegotiation: 'text',
  insecure_loopback: 'boolean',
  issuer: 'text',
  client_id: 'text',
  client_secret_env: 'text',
  client_key: 'path',
  scopes: 'words',
  resource: 'list',
  audience: 'text',
  flow: 'text',
  token_file: 'path',
  exec: 'command',
  store: 'text',
  auth: 'text',
  listen: 'text',
  local_auth: 'text',
  allow_remote: 'boolean',
  redirect: 'list',
  'issuer_tls.ca': 'path',
} as const satisfies Record<string, Reading>

export type ProfileKey = keyof typeof PROFILE_KEYS

export function environmentNameOf(key: string): string {
  return `PGOAUTH_${key.replace('.', '_').toUpperCase()}`
}

/** What else the environment says: which file, which profile, the file store's key. */
const OTHER_VARIABLES = ['PGOAUTH_CONFIG', 'PGOAUTH_DEFAULT', 'PGOAUTH_STORE_KEY']

/** Every variable of the environment that means something here. */
export function knownVariables(): string[] {
  return [...Object.keys(PROFILE_KEYS).map(environmentNameOf), ...OTHER_VARIABLES]
}

/** Variables that are set and begin like ours, and are none of them. */
export function unknownVariables(env: NodeJS.ProcessEnv): string[] {
  const names = Object.keys(env).filter((name) => name.startsWith('PGOAUTH_') && env[name])
  if (names.length === 0) return []
  const known = new Set(knownVariables())
  return names.filter((name) => !known.has(name))
}

export function flagOf(key: string): string {
  return `--${key.replace(/[._]/g, '-')}`
}

/** The value a text stands for, in the shape that config.yaml has; what is wrong with it the schema says. */
export function readOverride(key: ProfileKey, value: string | boolean | readonly string[]): unknown {
  if (typeof value === 'boolean') return value
  const reading: Reading = PROFILE_KEYS[key]
  if (typeof value !== 'string') return reading === 'words' ? value.flatMap(splitWords) : [...value]
  switch (reading) {
    case 'number':
      return /^\d+$/.test(value) ? Number(value) : value
    case 'boolean':
      return /^(true|yes|on|1)$/i.test(value) ? true : /^(false|no|off|0|)$/i.test(value) ? false : value
    case 'words':
    case 'list':
      return splitWords(value)
    case 'command':
      return readCommand(value)
    case 'text':
    case 'path':
      return value
  }
}

function splitWords(value: string): string[] {
  return value.split(/[\s,]+/).filter(Boolean)
}

/** A JSON array where an argument has spaces in it, words otherwise; never a shell. */
function readCommand(value: string): unknown {
  if (!value.trimStart().startsWith('[')) return value.split(/\s+/).filter(Boolean)
  try {
    return JSON.parse(value)
  } catch {
    return value
  }
}
