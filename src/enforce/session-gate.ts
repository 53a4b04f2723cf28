import { asPgoauthError, PgoauthError } from '../base/errors.ts'
import { encodeErrorResponse } from '../wire/error-response.ts'
import { ByteRun } from './byte-run.ts'
import { DenialRecord } from './denial-record.ts'
import { DirectTurn } from './direct-turn.ts'
import { FromClient } from './from-client.ts'
import { FromServer } from './from-server.ts'
import type { GateOptions, GateSinks, SessionGate } from './gate-contract.ts'
import type { GateParts } from './gate-parts.ts'
import { SessionState } from './session-state.ts'
import { TurnOffer } from './turn-offer.ts'

const MAX_DENIALS = 10_000

/** Opens the gate of one session; see SessionGate for the contract. */
export function openSessionGate(options: GateOptions, sinks: GateSinks): SessionGate {
  const state = new SessionState(options.grants)
  const parts: GateParts = {
    options,
    sinks,
    state,
    denials: new DenialRecord(options.audit, options, options.maxDenials ?? MAX_DENIALS),
    toServer: new ByteRun((chunk) => sinks.toServer(chunk)),
    toClient: new ByteRun((chunk) => sinks.toClient(chunk)),
    finish,
    guarded,
  }
  const client = new FromClient(parts)
  const server = new FromServer(parts)
  const direct = new DirectTurn(parts)
  const offer = new TurnOffer(parts, direct, {
    atRest: () => client.atBoundary && server.atBoundary,
    isStalled: () => client.stalled,
    takeBytes: (chunk) => {
      direct.settle()
      client.push(chunk)
    },
  })

  function finish(error: PgoauthError | undefined): void {
    if (state.ended) return
    state.ended = true
    parts.toServer.flush()
    parts.toClient.flush()
    writeCounts()
    if (error && server.atBoundary) {
      sinks.toClient(encodeErrorResponse({ severity: 'FATAL', code: error.sqlstate, message: error.say }))
    }
    sinks.onEnd(error)
  }

  /** There is no statement left to refuse where the audit cannot be written now. */
  function writeCounts(): void {
    try {
      parts.denials.finish()
    } catch (thrown) {
      options.log.error({ reason: asPgoauthError(thrown).message }, 'counts of denials were not audited')
    }
  }

  /** Does something with the stream, then sends what came of it and sees whether an end was waited for. */
  function guarded(action: () => void): void {
    if (state.ended) return
    try {
      action()
      sendAll()
    } catch (thrown) {
      finish(asPgoauthError(thrown))
    }
  }

  function sendAll(): void {
    parts.toServer.flush()
    parts.toClient.flush()
    endWhereDue()
  }

  function endWhereDue(): void {
    const { ledger, ending } = state
    if (offer.busy || direct.busy) return
    if (state.terminated) {
      // What was sent before Terminate is still answered; what no Sync follows never is.
      if (ledger.empty || state.segmentOpen || ledger.copyingIn) finish(undefined)
      return
    }
    if (ending === undefined || !ledger.empty || !server.atBoundary) return
    if (ending.when === 'statement' || (!state.segmentOpen && state.status === 'I')) finish(ending.error)
  }

  return {
    // As `guarded`, without a closure for each chunk.
    fromClient(chunk) {
      if (state.ended) return
      try {
        if (!offer.take(chunk)) {
          direct.settle()
          client.push(chunk)
        }
        sendAll()
      } catch (thrown) {
        finish(asPgoauthError(thrown))
      }
    },
    fromServer(chunk) {
      if (state.ended) return
      try {
        if (direct.answered(chunk)) return
        direct.settle()
        server.push(chunk)
        parts.toClient.flush()
        client.resume()
        sendAll()
      } catch (thrown) {
        finish(asPgoauthError(thrown))
      }
    },
    clientClosed() {
      if (state.terminated || state.ended) return
      state.ended = true
      writeCounts()
    },
    serverClosed() {
      finish(new PgoauthError('SERVER_LOST'))
    },
    setGrants(grants) {
      state.grants = grants
    },
    get serverReusable() {
      if (offer.busy || direct.busy || !state.ledger.empty || state.segmentOpen) return false
      return server.atBoundary && state.status === 'I'
    },
    get quiet() {
      return !offer.busy && !direct.busy && state.ledger.empty && client.atBoundary && server.atBoundary
    },
    get transactionStatus() {
      return state.status
    },
    end(error, when) {
      guarded(() => {
        direct.settle()
        if (when === 'now') {
          finish(error)
          return
        }
        state.ending = { error, when }
      })
    },
  }
}
