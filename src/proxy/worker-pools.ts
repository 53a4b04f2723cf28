import { createHash } from 'node:crypto'
import type { Clock } from '../base/clock.ts'
import type { DatabaseConfig, ProxyConfig } from '../config/proxy-config.ts'
import type { OwnPot, PotOffice } from './own-pot.ts'
import { databaseText, type PoolBounds } from './served-database.ts'
import { WorkerBounds } from './worker-bounds.ts'
import { type Press, shareOfWorker } from './worker-pot.ts'

export interface WorkerPoolsOptions {
  readonly workers: number
  readonly slot: number
  readonly office: PotOffice
  readonly clock: Clock
}

/** What one worker's pools hold of the pots that all workers share. */
export class WorkerPools {
  readonly #options: WorkerPoolsOptions
  readonly #pots = new Map<string, OwnPot>()
  #lastHolder = 0

  constructor(options: WorkerPoolsOptions) {
    this.#options = options
  }

  readonly bounds: PoolBounds = (database) => {
    const { workers, office, clock } = this.#options
    const holder = ++this.#lastHolder
    const isTransaction = database.pool.mode === 'transaction'
    const { size, serversPerIdentity } = database.pool
    // Sessions wait in one queue, however they are spread; transactions are short, and each worker has its part.
    const fair = (total: number) => (isTransaction ? Math.floor(total / workers) : 0)
    return (queue) => {
      const bounds = new WorkerBounds({
        queue,
        servers: { pot: potOf(database), holder, capacity: size, fairShare: fair(size) },
        share: { capacity: serversPerIdentity, fairShare: fair(serversPerIdentity) },
        fairServers: Math.floor(size / workers),
        isTransaction,
        office,
        clock,
        onIdentityPot: (pot, own) => this.#keep(pot, holder, own),
      })
      this.#keep(potOf(database), holder, bounds.serverPot)
      return bounds
    }
  }

  grant(pot: string, holder: number, count: number): void {
    const own = this.#pots.get(keyOf(pot, holder))
    if (own) own.grant(count)
    // Whoever asked has gone: nobody else knows that it was granted.
    else this.#options.office.giveBack({ pot, holder, capacity: 0, fairShare: 0 }, count)
  }

  press(pot: string, holder: number, press: Press | undefined): void {
    this.#pots.get(keyOf(pot, holder))?.pressed(press)
  }

  /** `min_idle` is of all workers together. */
  configOf(config: ProxyConfig): ProxyConfig {
    const { workers, slot } = this.#options
    const databases = [...config.databases].map(([name, database]): [string, DatabaseConfig] => {
      const minIdle = shareOfWorker(database.pool.minIdle, workers, slot)
      return [name, { ...database, pool: { ...database.pool, minIdle } }]
    })
    return { ...config, databases: new Map(databases) }
  }

  #keep(pot: string, holder: number, own: OwnPot | undefined): void {
    if (own) this.#pots.set(keyOf(pot, holder), own)
    else this.#pots.delete(keyOf(pot, holder))
  }
}

/** The same in every worker for the same entry, whenever it was read; not so long that it is a burden to send. */
function potOf(database: DatabaseConfig): string {
  const text = databaseText({ ...database, pool: { ...database.pool, minIdle: 0 } })
  return `${database.name} ${createHash('sha256').update(text).digest('base64url').slice(0, 16)}`
}

function keyOf(pot: string, holder: number): string {
  return `${holder} ${pot}`
}
