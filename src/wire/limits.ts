/**
 * Every bound of the wire, in bytes, with where it comes from.
 */

/** PostgreSQL's own bound on a startup packet: MAX_STARTUP_PACKET_LENGTH in pqcomm.h, and the length word itself. */
export const MAX_STARTUP_PACKET_BYTES = 10_000 + 4

/** PostgreSQL's bound on a long message, PQ_LARGE_MESSAGE_LIMIT in libpq.h: MaxAllocSize (1 GiB - 1) less one. */
export const MAX_MESSAGE_BYTES = 0x3ffffffe

/** PostgreSQL's bound on a SASL message, PG_MAX_AUTH_TOKEN_LENGTH in auth.h: the length word counts itself in. */
export const MAX_SASL_MESSAGE_BYTES = 65_535

/** A token of 64 KB as a cleartext password: the length word, the token, its NUL. */
export const MAX_PASSWORD_MESSAGE_BYTES = 4 + 64 * 1024 + 1

/** A message's tag byte and its length word. */
export const HEADER_BYTES = 5

/** The longest cancel key of protocol 3.2: BackendKeyData, manual section 54.7. */
export const MAX_CANCEL_KEY_BYTES = 256
