import type { GateSinks, SessionGate } from '../enforce/gate-contract.ts'
import { openSessionGate } from '../enforce/session-gate.ts'
import type { Established } from './handshake.ts'
import type { LiveSessionOptions } from './live-session.ts'
import { sessionGrants } from './session-grants.ts'

/** The gate of one session, with the policy and the catalog of its database. */
export function openGate(
  { database, identity, lease }: Established,
  { sessionId, address, log, parts }: LiveSessionOptions,
  sinks: GateSinks,
): SessionGate {
  return openSessionGate(
    {
      judge: database.judge,
      grants: sessionGrants(database, identity),
      identity,
      sessionId,
      database: database.config.name,
      clientAddress: address,
      audit: parts.audit,
      log,
      clock: parts.clock,
      maxStatementBytes: parts.generation().config.limits.statementBytes,
      restoreSql: lease.restoreSql,
    },
    sinks,
  )
}
