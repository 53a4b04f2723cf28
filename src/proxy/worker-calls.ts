import type { Socket } from 'node:net'
import type { MetricObjectWithValues, MetricValue } from 'prom-client'
import type { ProxyConfig } from '../config/proxy-config.ts'
import type { Logout } from '../oauth/logout-token.ts'
import type { Policy } from '../policy/policy.ts'
import type { CancelRequest } from '../wire/startup.ts'
import type { PotOffice } from './own-pot.ts'
import type { Readiness } from './readiness.ts'
import type { SessionDescription } from './session-registry.ts'
import type { Press } from './worker-pot.ts'

/** A configuration that the primary has read and found whole. */
export interface ReadFiles {
  readonly config: ProxyConfig
  readonly policies: ReadonlyMap<string, Policy>
}

/** All that a worker starts with. Secrets are not in it: each process reads them from where the configuration says. */
export interface WorkerOrder extends ReadFiles {
  /** From 1; a worker that takes a dead one's place has its number. */
  readonly slot: number
  readonly workers: number
  /** What issuers logged out before it was there. */
  readonly logouts: readonly Logout[]
}

/** A client as the primary's door saw it. */
export interface HandedClient {
  /** Of this client, while it lasts. */
  readonly id: number
  /** Which of `listen`. */
  readonly listener: number
  /** Its address is known only once its PROXY protocol header was read. */
  readonly isProxied: boolean
  /** The limit that it is over, to be told once it understands an answer. */
  readonly over: string | undefined
  /** The limit that it met at the door. */
  readonly refused: string | undefined
}

export type MetricSnapshot = MetricObjectWithValues<MetricValue<string>>[]

/** What a worker does when the primary says so. */
export interface WorkerCalls {
  /** Answered once it can take clients. @throws what keeps it from it. */
  start(order: WorkerOrder): Promise<void>
  client(client: HandedClient, socket: Socket): void
  grant(pot: string, holder: number, count: number): void
  press(pot: string, holder: number, press: Press | undefined): void
  metrics(): Promise<MetricSnapshot>
  readiness(): Promise<Readiness>
  sessions(): Promise<SessionDescription[]>
  /** Ends a session; how many that were. */
  kill(id: string): Promise<number>
  killIdentity(issuer: string, subject: string): Promise<number>
  logOut(logout: Logout): Promise<number>
  /** Whether the key was one of its own, once the server has acted. */
  cancel(request: CancelRequest): Promise<boolean>
  /** Opens a configuration without using it yet. @throws CONFIG_INVALID */
  prepare(files: ReadFiles): Promise<void>
  /** Uses what was prepared, or lets go of it. */
  adopt(): Promise<void>
  abandon(): Promise<void>
  reopenAudit(): void
  /** It ends by itself when its sessions have. */
  drain(): void
}

/** What the primary does when a worker says so. */
export interface PrimaryCalls extends PotOffice {
  /** The client's socket has arrived. */
  accepted(client: number): void
  /** Behind a balancer: whose connection it is. @throws TOO_MANY_CLIENTS */
  enterAddress(client: number, address: string): void
  /** It was told that it is over a limit. */
  toldOver(client: number): void
  handshakeDone(client: number): void
  gone(client: number): void
  /** @throws TOO_MANY_CLIENTS */
  enterIdentity(client: number, identity: string): void
  tokenRefused(address: string): number
  /** Passes a CancelRequest on to the worker whose key it bears. */
  cancel(request: CancelRequest): Promise<boolean>
}
