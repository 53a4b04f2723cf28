declare const brand: unique symbol

/** A type of its own for values that look alike, so that one cannot be passed for the other. */
export type Brand<T, Name extends string> = T & { readonly [brand]: Name }

/** The database role a session runs as. */
export type Role = Brand<string, 'Role'>
/** Who the issuer says the person or machine is: the `sub` claim, meaningful only beside its issuer. */
export type Subject = Brand<string, 'Subject'>
/** Joins what a client was told with what the log and the audit say about it. */
export type RequestId = Brand<string, 'RequestId'>
/** Names a client session in logs, audit and the admin verbs. */
export type SessionId = Brand<string, 'SessionId'>
