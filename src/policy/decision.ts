import type { Access, Action, Asked, ObjectKind } from '../base/access.ts'

/** One access with what was decided about it. */
export interface AccessVerdict {
  readonly access: Access
  readonly allowed: boolean
  /** What allows it: scope names, `always`, `metadata`; or `never` where that is what denies it. */
  readonly by: readonly string[]
  /** For the audit, never for the client: which object behind an unqualified name stands in the way. */
  readonly colliding?: string
  /** Only rules for single columns give it, or one forbids others. */
  readonly byColumns?: true
  /** Observing does not waive it. */
  readonly unwaivable?: true
  /** What to add to the reason. */
  readonly why?: string
}

/** Whether a statement may run, and what each access hangs on. */
export interface Decision {
  readonly allowed: boolean
  /** Denied by the rules but let through since the policy observes; audited as such. */
  readonly observed: boolean
  readonly verdicts: readonly AccessVerdict[]
  /** Rests on a rule for single columns, and so on the catalog's knowing every column there is. */
  readonly byColumns: boolean
  /** For the audit and `explain`; the client hears only what it named itself. */
  readonly reason?: string
  /** The first denied access, or what nothing allows. */
  readonly denied?: {
    readonly action: Action | undefined
    readonly kind: ObjectKind | undefined
    readonly object: string
    /** What the client asked for, where it reached this through that. */
    readonly asked?: Asked
  }
}
