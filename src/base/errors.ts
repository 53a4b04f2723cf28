/** Who caused an error; metrics and audit count by it. */
export type Fault = 'user' | 'policy' | 'client' | 'server' | 'issuer' | 'operator' | 'us'

interface ErrorKind {
  readonly fault: Fault
  /** What a Postgres client is sent. */
  readonly sqlstate: string
  /** What the command line ends with: 1 failure, 2 usage, 3 login needed, 4 denied, 5 unreachable. */
  readonly exit: 1 | 2 | 3 | 4 | 5
  /** The only text that crosses the wire from the proxy. */
  readonly say: string
}

/**
 * Every error this program raises: one row each.
 *
 * SQLSTATEs are PostgreSQL's (manual, Appendix A). 28000 is what PostgreSQL 18 itself returns for a
 * failed OAuth login (`auth_failed` in auth.c).
 */
export const ERRORS = {
  USAGE: { fault: 'user', sqlstate: '22023', exit: 2, say: 'wrong usage' },
  NOT_FOUND: { fault: 'user', sqlstate: '22023', exit: 1, say: 'nothing found' },
  CONFIG_INVALID: { fault: 'operator', sqlstate: 'F0000', exit: 2, say: 'the configuration is not valid' },
  PROFILE_UNKNOWN: { fault: 'user', sqlstate: '22023', exit: 2, say: 'unknown profile' },
  LOGIN_NEEDED: { fault: 'user', sqlstate: '28000', exit: 3, say: 'login needed' },
  LOGIN_FAILED: { fault: 'user', sqlstate: '28000', exit: 3, say: 'login failed' },
  LOGIN_DENIED: { fault: 'user', sqlstate: '28000', exit: 4, say: 'login was denied' },
  LOGIN_TIMEOUT: { fault: 'user', sqlstate: '28000', exit: 3, say: 'login was not completed in time' },
  STORE_UNAVAILABLE: { fault: 'user', sqlstate: '28000', exit: 1, say: 'the store for logins cannot be used' },
  STORE_CORRUPT: { fault: 'user', sqlstate: '28000', exit: 1, say: 'the stored login cannot be read' },
  ISSUER_UNREACHABLE: { fault: 'issuer', sqlstate: '08001', exit: 5, say: 'the issuer cannot be reached' },
  ISSUER_INVALID: { fault: 'issuer', sqlstate: '08001', exit: 1, say: 'the issuer gave an answer that is not valid' },
  TOKEN_OPAQUE: { fault: 'issuer', sqlstate: '0A000', exit: 1, say: 'the token cannot be read' },
  DOWNLOAD_FAILED: { fault: 'user', sqlstate: '08001', exit: 5, say: 'the file cannot be fetched' },
  PROXY_UNREACHABLE: { fault: 'server', sqlstate: '08001', exit: 5, say: 'the remote side cannot be reached' },
  TLS_FAILED: { fault: 'server', sqlstate: '08001', exit: 5, say: 'no secure connection to the remote side' },
  AUTH_UNSUPPORTED: {
    fault: 'server',
    sqlstate: '28000',
    exit: 1,
    say: 'the remote side asks for an authentication that takes no token',
  },
  PEER_REFUSED: { fault: 'user', sqlstate: '28000', exit: 4, say: 'this port belongs to another user' },
  LISTEN_FAILED: { fault: 'user', sqlstate: '58000', exit: 1, say: 'cannot open the listener' },
  CHILD_NOT_FOUND: { fault: 'user', sqlstate: '58000', exit: 1, say: 'the command cannot be run' },

  TOKEN_REFUSED: { fault: 'user', sqlstate: '28000', exit: 4, say: 'token was refused' },
  TOKEN_EXPIRED: { fault: 'user', sqlstate: '57P01', exit: 3, say: 'token expired' },
  TLS_REQUIRED: { fault: 'client', sqlstate: '28000', exit: 1, say: 'this server requires TLS' },
  DATABASE_UNKNOWN: { fault: 'user', sqlstate: '3D000', exit: 1, say: 'database does not exist' },
  REPLICATION_REFUSED: {
    fault: 'client',
    sqlstate: '0A000',
    exit: 1,
    say: 'replication connections are not supported',
  },
  SETTING_INVALID: {
    fault: 'client',
    sqlstate: '22023',
    exit: 1,
    say: 'the server does not take the value of a startup parameter',
  },
  SETTING_REFUSED: { fault: 'policy', sqlstate: '42501', exit: 4, say: 'permission denied by access policy' },
  AUTHZID_REFUSED: { fault: 'client', sqlstate: '0A000', exit: 1, say: 'authorization identity is not supported' },
  BAD_SASL: { fault: 'client', sqlstate: '08P01', exit: 1, say: 'malformed OAUTHBEARER message' },
  BAD_SCRAM: { fault: 'client', sqlstate: '08P01', exit: 1, say: 'malformed SCRAM message' },
  BAD_FRAME: { fault: 'client', sqlstate: '08P01', exit: 1, say: 'protocol violation' },
  BAD_STARTUP: { fault: 'client', sqlstate: '08P01', exit: 1, say: 'invalid startup packet' },
  PROTOCOL_UNSUPPORTED: { fault: 'client', sqlstate: '0A000', exit: 1, say: 'unsupported frontend protocol' },
  USER_MISSING: { fault: 'client', sqlstate: '28000', exit: 1, say: 'no user name in the startup packet' },
  CERTIFICATE_REQUIRED: { fault: 'client', sqlstate: '28000', exit: 1, say: 'a valid client certificate is required' },
  NOT_POSTGRES: { fault: 'client', sqlstate: '08P01', exit: 1, say: 'this port speaks the Postgres protocol' },
  HANDSHAKE_TIMEOUT: { fault: 'client', sqlstate: '08006', exit: 1, say: 'the handshake took too long' },
  TOO_MANY_CLIENTS: { fault: 'operator', sqlstate: '53300', exit: 1, say: 'too many connections' },

  POOL_EXHAUSTED: {
    fault: 'operator',
    sqlstate: '53300',
    exit: 1,
    say: 'no database connection became free in time',
  },
  SERVER_UNREACHABLE: { fault: 'server', sqlstate: '08006', exit: 5, say: 'the database server cannot be reached' },
  SERVER_LOST: { fault: 'server', sqlstate: '08006', exit: 1, say: 'the connection to the database server was lost' },
  SERVER_REFUSED: { fault: 'operator', sqlstate: '08004', exit: 1, say: 'the database server refused the connection' },
  SERVER_UNFIT: { fault: 'operator', sqlstate: '08004', exit: 1, say: 'the database server refused the connection' },
  SERVER_FULL: { fault: 'server', sqlstate: '53300', exit: 5, say: 'the database server has too many connections' },
  SERVER_NOT_READY: { fault: 'server', sqlstate: '57P03', exit: 5, say: 'the database server is not ready' },
  ROLE_REFUSED: { fault: 'operator', sqlstate: '28000', exit: 4, say: 'token was refused' },
  SERVER_BAD: { fault: 'server', sqlstate: '08P01', exit: 1, say: 'the database server broke the protocol' },

  SCOPE_DENIED: { fault: 'policy', sqlstate: '42501', exit: 4, say: 'permission denied by access policy' },
  SYNTAX: { fault: 'user', sqlstate: '42601', exit: 4, say: 'syntax error' },
  STATEMENT_TOO_LONG: { fault: 'user', sqlstate: '54000', exit: 4, say: 'statement is too long' },
  STATEMENT_TOO_COMPLEX: { fault: 'user', sqlstate: '54001', exit: 4, say: 'statement is too complex' },
  AUDIT_UNAVAILABLE: { fault: 'operator', sqlstate: '58030', exit: 1, say: 'the audit log cannot be written' },
  SESSION_IDLE: { fault: 'user', sqlstate: '57P05', exit: 1, say: 'the session was idle for too long' },
  SHUTDOWN: { fault: 'operator', sqlstate: '57P01', exit: 1, say: 'the proxy is shutting down' },
  SESSION_ENDED: { fault: 'operator', sqlstate: '57P01', exit: 4, say: 'the session was ended by an administrator' },
  WORKERS_DIE: { fault: 'us', sqlstate: '57P01', exit: 1, say: 'the worker processes end again and again' },
  DEMO_FAILED: { fault: 'operator', sqlstate: '58000', exit: 1, say: 'the demonstration cannot run' },
  INTERNAL: { fault: 'us', sqlstate: 'XX000', exit: 1, say: 'internal error' },
} as const satisfies Record<string, ErrorKind>

export type ErrorCode = keyof typeof ERRORS

/** What `fail` may add to a code. None of it crosses the proxy's wire. */
export interface ErrorContext {
  /** What happened, precisely: for the log, and for the person at a terminal. */
  readonly detail?: string
  /** The command or setting that fixes it, for the person at a terminal; several ways on lines of their own. */
  readonly fix?: string
  readonly cause?: unknown
}

/**
 * The one error class. `code` names a row of ERRORS; `detail` and `fix` are for logs and terminals,
 * never for the far side of a connection. Nothing secret may be put in either: see Secret.
 */
export class PgoauthError extends Error {
  readonly code: ErrorCode
  readonly detail: string | undefined
  readonly fix: string | undefined

  constructor(code: ErrorCode, context: ErrorContext = {}) {
    const say = ERRORS[code].say
    // A detail of several lines begins with a line break: no blank is left at the end of the first line.
    const blank = context.detail?.startsWith('\n') ? '' : ' '
    super(context.detail ? `${say}:${blank}${context.detail}` : say, { cause: context.cause })
    this.name = 'PgoauthError'
    this.code = code
    this.detail = context.detail
    this.fix = context.fix
  }

  get fault(): Fault {
    return ERRORS[this.code].fault
  }

  get sqlstate(): string {
    return ERRORS[this.code].sqlstate
  }

  get exit(): number {
    return ERRORS[this.code].exit
  }

  /** The only text that may cross the proxy's wire. */
  get say(): string {
    return ERRORS[this.code].say
  }
}

/** Throws the error of that row. */
export function fail(code: ErrorCode, context: ErrorContext = {}): never {
  throw new PgoauthError(code, context)
}

/** Any thrown value as one of ours: what was not expected is INTERNAL and keeps its cause. */
export function asPgoauthError(thrown: unknown, otherwise: ErrorCode = 'INTERNAL'): PgoauthError {
  if (thrown instanceof PgoauthError) return thrown
  const detail = thrown instanceof Error ? thrown.message : String(thrown)
  return new PgoauthError(otherwise, { detail, cause: thrown })
}
