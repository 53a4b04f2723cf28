import type { Policy } from './policy.ts'

/** What a set of scopes gives under a policy. The same object for the same set: caches may key on it. */
export interface Grants {
  readonly policy: Policy
  /** Sorted, without repeats, only those the policy knows. */
  readonly scopes: readonly string[]
}
