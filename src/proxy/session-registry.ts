import type { SessionId } from '../base/brand.ts'
import type { PgoauthError } from '../base/errors.ts'
import type { ServerPool } from '../pool/server-lease.ts'
import type { Generation } from './generation.ts'

/** What the proxy does to a session from outside it. */
export interface RegisteredSession {
  readonly id: SessionId
  /** Whose server connections it uses to its end, whatever configuration comes. */
  readonly pool: ServerPool
  /** Carried so far. */
  readonly bytes: { readonly fromClient: number; readonly fromServer: number }
  /** What `proxy sessions` shows. */
  describe(): SessionDescription
  end(error: PgoauthError, when: 'now' | 'statement' | 'transaction'): void
  /** A new configuration counts from the next statement. */
  adopt(generation: Generation): void
}

export interface SessionDescription {
  readonly session_id: string
  readonly issuer: string
  readonly subject: string
  readonly role: string
  readonly database: string
  readonly client_address: string
  readonly client_id: string | undefined
  readonly scopes: readonly string[]
  readonly opened_at: string
  readonly expires_at: string
  readonly idle_seconds: number
  /** Which worker has it, where there are several. */
  readonly worker?: number
}

/** The sessions of this process. */
export class SessionRegistry {
  readonly #sessions = new Map<SessionId, RegisteredSession>()
  /** Sessions that open now are to end as their first transaction does. */
  isDraining = false
  /** Called after a session has gone. */
  onRemoved: () => void = () => {}

  add(session: RegisteredSession): () => void {
    this.#sessions.set(session.id, session)
    return () => {
      this.#sessions.delete(session.id)
      this.onRemoved()
    }
  }

  get size(): number {
    return this.#sessions.size
  }

  /** Of the sessions of now. */
  get bytes(): { readonly fromClient: number; readonly fromServer: number } {
    let [fromClient, fromServer] = [0, 0]
    for (const { bytes } of this.#sessions.values()) {
      fromClient += bytes.fromClient
      fromServer += bytes.fromServer
    }
    return { fromClient, fromServer }
  }

  [Symbol.iterator](): IterableIterator<RegisteredSession> {
    return [...this.#sessions.values()][Symbol.iterator]()
  }

  get(id: string): RegisteredSession | undefined {
    return this.#sessions.get(id as SessionId)
  }
}
