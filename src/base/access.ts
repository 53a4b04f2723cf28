/** What a scope can grant: the actions table of the policy contract, one word a row. */
export const ACTIONS = [
  'select',
  'insert',
  'update',
  'references',
  'delete',
  'truncate',
  'lock',
  'usage',
  'execute',
  'create',
  'alter',
  'drop',
  'code',
  'set',
  'listen',
  'notify',
  'maintain',
  'grant',
  'server_files',
  'all',
] as const

export type Action = (typeof ACTIONS)[number]

/** What kind of name an access speaks of; `any` is for actions that know only `"*"`. */
export type ObjectKind = 'relation' | 'sequence' | 'function' | 'schema' | 'object' | 'parameter' | 'channel' | 'any'

/**
 * The columns an access needs: a list means each of them, an empty list at least one, `all` every column of a
 * relation whose columns are not known. Absent where the action knows no columns.
 */
export type ColumnNeed = readonly string[] | 'all'

/** One object a name may mean. */
export interface Target {
  readonly schema: string | undefined
  /** `*` stands for everything in the schema; with no schema, for everything. */
  readonly name: string
  readonly columns?: ColumnNeed
}

/** One right a statement needs. */
export interface Access {
  readonly action: Action
  readonly kind: ObjectKind
  /** The object as the statement wrote it, in SQL spelling: what a denial may name. */
  readonly object: string
  readonly columns?: ColumnNeed
  /** Every object the name may mean: each must be allowed. Empty where nothing of that name is known. */
  readonly targets: readonly Target[]
  /** Also allowed where the policy says `metadata: visible`. */
  readonly metadata?: true
  /** Moves or takes down what it names: refused for an object under any `never`, whoever asks. */
  readonly moves?: true
  /** Shows what the server process holds: refused where connections are shared (transaction mode). */
  readonly ofSession?: true
  /** Free, unless the policy pins the search path. */
  readonly unlessPinned?: true
  /** Free for everyone, unless `never` forbids this very action. */
  readonly free?: true
  /** Falls with something else: needs no right, but must not be under any `never`. */
  readonly onlyNever?: true
  /** What the client itself asked for, where this is reached through it: the action on an object as it wrote it. */
  readonly asked?: Asked
  /** SET ROLE: only where the server login is the role itself, and then by its rule. */
  readonly onlyAsRole?: true
}

/** An action on an object as the statement wrote it. */
export interface Asked {
  readonly action: Action
  readonly object: string
}

/** What nothing allows, not even `all`. */
export interface Refusal {
  readonly reason: string
  /** What was refused, in SQL spelling. */
  readonly object: string
}

/** What a statement asks for, and what in it nothing allows: all that a decision looks at. */
export interface Needs {
  readonly accesses: readonly Access[]
  readonly refusal?: Refusal
}
