import type { TokenDeps } from '../tokens/token-deps.ts'

/** What a login needs beyond a token source: somebody to talk to. */
export interface LoginDeps extends TokenDeps {
  /** Lines for the person, to be read and acted on. */
  say(...lines: string[]): void
  /** Shows that something is being waited for, until the returned function is called. */
  wait(what: string): () => void
  /** The person's name on this machine, for the ssh line. */
  readonly userName: string
  /** Aborted by Ctrl-C. */
  readonly signal?: AbortSignal | undefined
}

export interface LoginOptions {
  /** Overrides the profile's flow. */
  readonly flow?: 'browser' | 'device' | undefined
  /** False: print the address, open nothing. */
  readonly open?: boolean | undefined
}
