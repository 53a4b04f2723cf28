import type { GateSinks, SessionGate } from '../enforce/gate-contract.ts'
import { openSessionGate } from '../enforce/session-gate.ts'
import type { LiveSessionOptions } from './live-session.ts'
import { sessionGrants } from './session-grants.ts'

/** The gate of one session, with the policy and the catalog of its database. */
export function openGate(
  options: LiveSessionOptions & { readonly maxStatementBytes: number },
  sinks: GateSinks,
): SessionGate {
  const { database, identity, sessionId, address, audit, log, clock, lease, maxStatementBytes } = options
  return openSessionGate(
    {
      judge: database.judge,
      grants: sessionGrants(database, identity),
      identity,
      sessionId,
      database: database.config.name,
      clientAddress: address,
      audit,
      log,
      clock,
      maxStatementBytes,
      ...(lease.restoreSql !== undefined && { restoreSql: lease.restoreSql }),
    },
    sinks,
  )
}
