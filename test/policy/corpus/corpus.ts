/** One statement of the corpus, with what it must come to under these scopes. */
export interface Case {
  readonly scopes: readonly string[]
  readonly sql: string
  readonly verdict: 'allow' | 'deny'
  readonly why: string
  /** Where PostgreSQL's own rights decide otherwise, or have no equivalent (`none`): which, and why. */
  readonly postgres?: { readonly verdict: 'allow' | 'deny' | 'none'; readonly because: string }
}

export function allow(scopes: string, sql: string, why: string, postgres?: Case['postgres']): Case {
  return { scopes: scopes.split(' '), sql, verdict: 'allow', why, ...(postgres ? { postgres } : {}) }
}

export function deny(scopes: string, sql: string, why: string, postgres?: Case['postgres']): Case {
  return { scopes: scopes.split(' '), sql, verdict: 'deny', why, ...(postgres ? { postgres } : {}) }
}

/** PostgreSQL says otherwise. */
export const pgAllows = (because: string) => ({ verdict: 'allow', because }) as const
export const pgDenies = (because: string) => ({ verdict: 'deny', because }) as const
/** PostgreSQL has no right that is the same. */
export const pgMute = (because: string) => ({ verdict: 'none', because }) as const
