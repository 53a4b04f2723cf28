/**
 * One statement as a tool sent it. Where it named an object by its OID there stands which one: `<<regclass:sales.orders>>`,
 * `<<database>>`.
 */
export interface SentQuery {
  readonly sql: string
  /** Of its parameters, in the text format. */
  readonly values?: readonly (string | null)[]
}
