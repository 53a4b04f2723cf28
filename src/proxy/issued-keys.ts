import { timingSafeEqual } from 'node:crypto'
import { freshBytes } from '../base/fresh-bytes.ts'
import type { BackendKeyData } from '../wire/server-messages.ts'
import type { CancelRequest, ProtocolVersion } from '../wire/startup.ts'

/** 32 bytes where the client's protocol has room for them (PostgreSQL 18 sends as many), 4 before. */
const LONG_KEY_BYTES = 32
const SHORT_KEY_BYTES = 4

/** The low bits of a process id that say which worker issued it. */
const SLOT_BITS = 6
export const MAX_WORKERS = 2 ** SLOT_BITS

/** One worker of several: its number, from 1, and where cancel requests go whose key another one issued. */
export interface KeyRoute {
  readonly slot: number
  readonly elsewhere: (request: CancelRequest) => Promise<boolean>
}

/** The worker whose key this is, where workers issued it. */
export function slotOf({ processId }: Pick<CancelRequest, 'processId'>): number {
  return (processId & (MAX_WORKERS - 1)) + 1
}

interface Issued {
  readonly secretKey: Buffer
  readonly onCancel: () => Promise<void>
}

/** The cancel keys that clients were given; the server's own keys never leave the proxy. */
export class IssuedKeys {
  readonly #route: KeyRoute | undefined
  readonly #byProcessId = new Map<number, Issued>()

  constructor(route?: KeyRoute) {
    this.#route = route
  }

  /** A key of its own for one session. `onCancel` runs when it comes back in a CancelRequest. */
  issue(version: ProtocolVersion, onCancel: () => Promise<void>): BackendKeyData {
    const secretKey = freshBytes(version.minor >= 2 ? LONG_KEY_BYTES : SHORT_KEY_BYTES)
    let processId: number
    do processId = this.#randomId()
    while (processId === 0 || this.#byProcessId.has(processId))
    this.#byProcessId.set(processId, { secretKey, onCancel })
    return { processId, secretKey }
  }

  revoke({ processId }: BackendKeyData): void {
    this.#byProcessId.delete(processId)
  }

  /**
   * Whether the key was one of ours, once the server has acted. The client is told nothing either way, as PostgreSQL
   * does; but it sees its connection close, and then no statement that it sends afterwards is hit.
   */
  async cancel(request: CancelRequest): Promise<boolean> {
    const isOurs = this.#route === undefined || slotOf(request) === this.#route.slot
    return isOurs ? this.cancelHere(request) : this.#route.elsewhere(request)
  }

  /** As `cancel`, for a key that this process must have issued. */
  async cancelHere({ processId, secretKey }: CancelRequest): Promise<boolean> {
    const issued = this.#byProcessId.get(processId)
    if (issued === undefined || issued.secretKey.length !== secretKey.length) return false
    if (!timingSafeEqual(issued.secretKey, secretKey)) return false
    await issued.onCancel()
    return true
  }

  #randomId(): number {
    const id = freshBytes(4).readUInt32BE() & 0x7fffffff
    return this.#route === undefined ? id : (id & -MAX_WORKERS) | (this.#route.slot - 1)
  }
}
