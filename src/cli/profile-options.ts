import { type Command, Option } from 'commander'
import { flagOf, PROFILE_KEYS, type ProfileKey } from '../config/profile-keys.ts'
import type { ProfileFlags } from '../config/profiles.ts'

const DESCRIPTIONS: Record<ProfileKey, string> = {
  host: 'host name of the proxy or database',
  port: 'its port (5432)',
  database: 'database to connect to',
  user: 'database user, in place of the client’s',
  'tls.mode': 'verify-full (default), verify-ca, require or disable',
  'tls.ca': 'PEM file with the authorities to trust',
  'tls.cert': 'PEM file with this client’s certificate',
  'tls.key': 'PEM file with its private key',
  'tls.server_name': 'name to expect in the certificate',
  sslnegotiation: 'postgres (default) or direct',
  insecure_loopback: 'allow a token over an unencrypted link to this machine',
  issuer: 'URL of the OAuth issuer',
  client_id: 'OAuth client id',
  client_secret_env: 'name of the environment variable with the client secret',
  client_key: 'private key file (PEM or JWK) for private_key_jwt',
  scopes: 'scopes to ask for, separated by commas or spaces',
  resource: 'resource to ask a token for (RFC 8707)',
  audience: 'audience to ask a token for, where the issuer wants that',
  flow: 'auto, browser, device, client_credentials, token_file or exec',
  token_file: 'file that holds the token, with flow token_file',
  exec: 'command that prints a token, with flow exec; words, or a JSON array',
  store: 'where the login is kept: keychain, file or memory',
  auth: 'how the token enters the handshake: auto, oauthbearer or password',
  listen: 'ADDRESS:PORT or unix:DIRECTORY[:PORT] of the local listener',
  local_auth: 'auto, same-user, password or none',
  allow_remote: 'let the local listener be on a non-loopback address',
  redirect: 'loopback redirect URIs, tried in order',
  'issuer_tls.ca': 'PEM file with the authorities to trust for the issuer',
}

const BOOLEAN_KEYS = new Set<ProfileKey>(['insecure_loopback', 'allow_remote'])

/**
 * Makes every key of a profile a flag of this command. `shown` lists them in its help; otherwise one line there
 * says that they exist.
 */
export function addProfileOptions(command: Command, shown = false): Command {
  for (const key of Object.keys(PROFILE_KEYS) as ProfileKey[]) {
    const option = new Option(BOOLEAN_KEYS.has(key) ? flagOf(key) : `${flagOf(key)} <value>`, DESCRIPTIONS[key])
    command.addOption(option.hideHelp(!shown))
  }
  if (shown) return command
  return command.addHelpText(
    'after',
    '\nEvery key of a profile is also a flag (--client-id, --scopes, --store …) and an\nenvironment variable (PGOAUTH_CLIENT_ID); see pgoauth profile add --help.',
  )
}

/** The profile flags among a command's parsed options, by their key in config.yaml. */
export function profileFlagsOf(options: Readonly<Record<string, unknown>>): ProfileFlags {
  const flags: Record<string, string | boolean> = {}
  for (const key of Object.keys(PROFILE_KEYS)) {
    const value = options[optionName(key)]
    if (typeof value === 'string' || typeof value === 'boolean') flags[key] = value
  }
  return flags
}

/** As commander names what it parsed: `--tls-server-name` becomes `tlsServerName`. */
function optionName(key: string): string {
  return key.replace(/[._]([a-z])/g, (_, letter: string) => letter.toUpperCase())
}
