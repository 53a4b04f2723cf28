import { fail } from '../base/errors.ts'
import type { Inbox } from '../net/inbox.ts'
import type { LocalPeer } from './tunnel.ts'

/** Decides whether a local client may use the tunnel. */
export interface LocalAccess {
  readonly kind: 'same-user' | 'password' | 'none'
  /** Whether the peer may even be told whose port this is. @throws PEER_REFUSED */
  checkPeer(peer: LocalPeer): Promise<void>
  /** Asks the client for what it has to know, before AuthenticationOk. @throws PEER_REFUSED, BAD_SASL */
  authenticate(inbox: Inbox): Promise<void>
}

/** Everybody who can reach the listener: for a Unix socket, whose directory is the guard. */
export const openAccess: LocalAccess = {
  kind: 'none',
  async checkPeer() {},
  async authenticate() {},
}

/** Only processes of the user with this id, as the kernel's socket table tells. */
export function sameUserAccess(
  uid: number,
  ownerOf: (tcp: NonNullable<LocalPeer['tcp']>) => Promise<number | undefined>,
): LocalAccess {
  return {
    kind: 'same-user',
    async checkPeer({ tcp }) {
      const owner = tcp && (await ownerOf(tcp))
      if (owner === uid) return
      fail('PEER_REFUSED', {
        detail:
          owner === undefined ? 'the kernel does not say whose connection this is' : `uid ${owner} is not uid ${uid}`,
        fix: 'each user opens their own tunnel: pgoauth connect; or local_auth: password in the profile',
      })
    },
    async authenticate() {},
  }
}
