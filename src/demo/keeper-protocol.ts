/** What the keeper is asked to run. `stopSignal` is what ends it cleanly; SIGKILL follows where that is ignored. */
export interface ProcessOrder {
  readonly command: string
  readonly args: readonly string[]
  readonly env?: NodeJS.ProcessEnv
  readonly cwd?: string
  /** The user it runs as; only root can say. */
  readonly user?: { readonly uid: number; readonly gid: number }
  readonly stopSignal?: NodeJS.Signals
}

/** To the keeper, over its IPC channel. The end of the channel means `end`. */
export type ToKeeper =
  | { readonly type: 'start'; readonly id: number; readonly order: ProcessOrder }
  | { readonly type: 'signal'; readonly id: number; readonly signal: NodeJS.Signals }
  | { readonly type: 'end' }

/** From the keeper. */
export type FromKeeper =
  | { readonly type: 'ready'; readonly directory: string }
  | { readonly type: 'started'; readonly id: number; readonly pid: number }
  | { readonly type: 'line'; readonly id: number; readonly stream: 'stdout' | 'stderr'; readonly line: string }
  | ({ readonly type: 'exited'; readonly id: number } & ProcessEnd)

/** How a process ended: `error` where it could not be run at all. */
export interface ProcessEnd {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly error?: string
}
