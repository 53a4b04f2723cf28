import type { BackendKeyData } from '../wire/server-messages.ts'
import type { CancelRequest } from '../wire/startup.ts'

/**
 * Which running session a cancel key belongs to. Clients are given the remote side's own keys, so that a
 * driver's idea of its process id stays that of `pg_backend_pid()`; a key that no session here holds goes nowhere.
 */
export class CancelKeys<Session> {
  readonly #sessions = new Map<string, Session>()

  /** Remembers a session until the returned function is called. */
  add(key: BackendKeyData, session: Session): () => void {
    const text = keyText(key)
    this.#sessions.set(text, session)
    return () => {
      if (this.#sessions.get(text) === session) this.#sessions.delete(text)
    }
  }

  find(request: CancelRequest): Session | undefined {
    return this.#sessions.get(keyText(request))
  }

  get size(): number {
    return this.#sessions.size
  }
}

function keyText({ processId, secretKey }: BackendKeyData): string {
  return `${processId}:${secretKey.toString('hex')}`
}
