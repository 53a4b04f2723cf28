import { fail } from '../base/errors.ts'
import { isLoopbackHost } from '../base/loopback.ts'
import type { Profile } from '../config/profiles.ts'
import { reasonOf } from '../net/dial.ts'
import type { Inbox } from '../net/inbox.ts'
import type { TcpEnds } from '../net/socket-table.ts'
import type { LocalPeer } from './tunnel.ts'

export type LocalAccessKind = 'same-user' | 'password' | 'none'

/** Decides whether a local client may use the tunnel. */
export interface LocalAccess {
  readonly kind: LocalAccessKind
  /** Whether the peer may even be told whose port this is. @throws PEER_REFUSED */
  checkPeer(peer: LocalPeer): Promise<void>
  /** Asks the client for what it has to know, before AuthenticationOk. @throws PEER_REFUSED, BAD_SASL, BAD_FRAME */
  authenticate(inbox: Inbox): Promise<void>
}

export interface LocalSurroundings {
  /** A loopback port of the tunnel's own choice, whatever `listen` says. */
  readonly anyPort: boolean
  readonly hasSocketTable: boolean
}

/**
 * How the profile's listener is guarded. `auto` is the same user where the kernel tells whose connection it is,
 * a password elsewhere; the directory of a Unix socket is guard enough; other machines always give the password.
 *
 * @throws USAGE where same-user is asked for and cannot be had.
 */
export function chooseLocalAccess(
  { name, listen, localAuth }: Pick<Profile, 'name' | 'listen' | 'localAuth'>,
  { anyPort, hasSocketTable }: LocalSurroundings,
): LocalAccessKind {
  const where = anyPort ? undefined : listen
  if (where?.kind === 'unix') return localAuth === 'password' ? 'password' : 'none'
  if (where?.kind === 'tcp' && !isLoopbackHost(where.address)) return 'password'
  if (localAuth === 'auto') return hasSocketTable ? 'same-user' : 'password'
  if (localAuth === 'same-user' && !hasSocketTable) {
    fail('USAGE', {
      detail: `profile ${name}: local_auth: same-user needs a kernel that tells whose connection it is (Linux)`,
      fix: 'set local_auth: password',
    })
  }
  return localAuth
}

/** Everybody who can reach the listener. */
export const openAccess: LocalAccess = {
  kind: 'none',
  async checkPeer() {},
  async authenticate() {},
}

/** Only processes of the user with this id, as the kernel's socket table tells. */
export function sameUserAccess(uid: number, ownerOf: (ends: TcpEnds) => Promise<number | undefined>): LocalAccess {
  return {
    kind: 'same-user',
    async checkPeer({ tcp }) {
      const owner = tcp && (await ownerOf(tcp).catch(unreadable))
      if (owner === uid) return
      const whose = owner === undefined ? 'a connection that nobody owns any more' : `uid ${owner}`
      fail('PEER_REFUSED', {
        detail: `${whose} is not uid ${uid}, who opened the tunnel`,
        fix: 'each user opens a tunnel of their own; or set local_auth: password in the profile',
      })
    },
    async authenticate() {},
  }
}

function unreadable(cause: Error): never {
  return fail('TOO_MANY_CLIENTS', {
    detail: `the kernel's socket table cannot be read: ${reasonOf(cause)}`,
    fix: 'close connections, or raise the limit of open files (ulimit -n)',
    cause,
  })
}
