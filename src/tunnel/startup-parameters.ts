import { fail } from '../base/errors.ts'
import type { Profile } from '../config/profiles.ts'
import { encodeNegotiateProtocolVersion, type NegotiateProtocolVersion } from '../wire/server-messages.ts'
import type { ProtocolVersion, StartupMessage } from '../wire/startup.ts'

/** The protocol option by which tunnel and proxy agree to renew a session's token (DESIGN section 9). */
export const RENEWAL_OPTION = '_pq_.pgoauth'

/** The newest protocol whose handshake this code reads: PostgreSQL 18's 3.2. */
export const NEWEST_MINOR = 2

/**
 * The parameters that go to the remote side: the client's, but for `user`, which a profile's replaces, and
 * `database`, which a profile's replaces where the client named none or only repeats its user name, as libpq does.
 *
 * @throws BAD_STARTUP when neither client nor profile names a user.
 */
export function remoteParameters(
  { parameters }: StartupMessage,
  profile: Pick<Profile, 'name' | 'user' | 'database'>,
): Map<string, string> {
  const clientUser = parameters.get('user') ?? ''
  const clientDatabase = parameters.get('database') ?? ''
  const user = profile.user ?? clientUser
  if (user === '') {
    fail('BAD_STARTUP', {
      detail: 'neither the client nor the profile names a user',
      fix: `set "user" in profile ${profile.name}, or PGUSER`,
    })
  }
  const remote = new Map(parameters)
  remote.set('user', user)
  if (clientDatabase === '' || clientDatabase === clientUser) {
    const database = profile.database ?? clientDatabase
    if (database !== '') remote.set('database', database)
  }
  return remote
}

/** The version to ask the remote side for: the client's, at most the newest known here. */
export function remoteVersion({ version }: StartupMessage): ProtocolVersion {
  return { major: 3, minor: Math.min(version.minor, NEWEST_MINOR) }
}

/**
 * The NegotiateProtocolVersion the client is owed: where the session's minor is not the one it asked for, or an
 * option of its own is unknown. The tunnel's own option is left out; undefined where nothing is left to say.
 */
export function negotiationForClient(
  asked: ProtocolVersion,
  answer: NegotiateProtocolVersion | undefined,
): Buffer | undefined {
  const requestedMinor = Math.min(asked.minor, NEWEST_MINOR)
  const minor = Math.min(requestedMinor, answer?.version.minor ?? requestedMinor)
  const unknownOptions = (answer?.unknownOptions ?? []).filter((option) => option !== RENEWAL_OPTION)
  if (minor === asked.minor && unknownOptions.length === 0) return undefined
  return encodeNegotiateProtocolVersion({ version: { major: 3, minor }, unknownOptions })
}
