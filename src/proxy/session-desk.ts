import { PgoauthError } from '../base/errors.ts'
import type { SessionDescription, SessionRegistry } from './session-registry.ts'

/** What an operator may do with the sessions of a proxy, of however many processes. Each gives how many it ended. */
export interface SessionDesk {
  list(): Promise<readonly SessionDescription[]>
  kill(id: string): Promise<number>
  killIdentity(issuer: string, subject: string): Promise<number>
}

/** The sessions of this process. */
export function ownDesk(sessions: SessionRegistry): SessionDesk {
  const killed = () => new PgoauthError('SESSION_ENDED')
  return {
    async list() {
      return [...sessions].map((session) => session.describe())
    },
    async kill(id) {
      const session = sessions.get(id)
      session?.end(killed(), 'now')
      return session === undefined ? 0 : 1
    },
    async killIdentity(issuer, subject) {
      const ended = [...sessions].filter((session) => {
        const one = session.describe()
        return one.issuer === issuer && one.subject === subject
      })
      for (const session of ended) session.end(killed(), 'now')
      return ended.length
    },
  }
}
