import type { Duplex } from 'node:stream'
import { hostPort, reasonOf } from '../net/dial.ts'
import type { Inbox } from '../net/inbox.ts'
import { relay } from '../net/relay.ts'
import { encodeErrorResponse } from '../wire/error-response.ts'
import type { StartupMessage } from '../wire/startup.ts'
import type { ConnectionOpened } from './connection-events.ts'
import type { OpenedSession } from './open-session.ts'
import { QuietMoment } from './quiet-moment.ts'
import { SessionRenewal } from './session-renewal.ts'
import { negotiationForClient } from './startup-parameters.ts'
import type { Tunnel } from './tunnel.ts'

export interface RunningSessionOptions {
  readonly tunnel: Tunnel
  /** The client, which has been told nothing of the remote side's answer yet. */
  readonly inbox: Inbox
  readonly startup: StartupMessage
  readonly session: OpenedSession
  /** How the log names it. */
  readonly opened: ConnectionOpened
}

/** A session that the remote side has let in: carried until one side ends it, cancelled by its key, renewed in time. */
export class RunningSession {
  readonly #options: RunningSessionOptions
  readonly #client: Duplex
  readonly #quiet = new QuietMoment()
  #endedWhy: string | undefined

  constructor(options: RunningSessionOptions) {
    this.#options = options
    this.#client = options.inbox.stream
  }

  /** Tells the client that it is in, and carries the session to its end. */
  async run(): Promise<void> {
    const { tunnel, inbox, startup, session, opened } = this.#options
    const { clock, events } = tunnel.options
    const { stream: remote, address } = session.link
    const openedAtMs = clock.nowMs()
    events.opened(opened)

    const forget = session.key ? tunnel.cancelKeys.add(session.key, { address }) : () => {}
    const renewal = this.#renewal()
    const quiet = this.#quiet
    const negotiation = negotiationForClient(startup.version, session.negotiated)
    if (negotiation) this.#client.write(negotiation)
    this.#client.write(session.greeting)

    const result = await relay(this.#client, remote, {
      fromLocal: {
        first: inbox.release(),
        through: (chunk) => quiet.fromClient(renewal ? renewal.through(chunk) : chunk),
      },
      fromRemote: { first: session.link.inbox.release(), through: quiet.fromServer },
      lastWord: (error) => this.#lastWord(error),
      clock,
    })
    renewal?.stop()
    forget()
    const endedBy = this.#endedWhy !== undefined ? 'tunnel' : result.endedBy === 'local' ? 'client' : 'remote'
    events.closed({
      ...opened,
      durationMs: clock.nowMs() - openedAtMs,
      bytesFromClient: result.bytesFromLocal,
      bytesFromRemote: result.bytesFromRemote,
      endedBy,
      why: this.#endedWhy ?? (result.error ? reasonOf(result.error) : 'ended in order'),
    })
  }

  /** Ends the session from our side; a client that is idle is told why. */
  end(why: string): void {
    this.#endedWhy = why
    if (this.#quiet.now && this.#client.writable) this.#client.write(farewell('57P01', why))
    this.#client.end(() => this.#client.destroy())
  }

  #renewal(): SessionRenewal | undefined {
    const { tunnel, session } = this.#options
    if (!session.renewable) return undefined
    const { tokens, clock, log } = tunnel.options
    const { stream: remote } = session.link
    const send = (bytes: Buffer) => {
      // A client that has ended its sending half has nothing more to be renewed for.
      if (remote.writable) remote.write(bytes)
    }
    return new SessionRenewal({ token: session.token, tokens, clock, log, send })
  }

  /** For an idle client whose remote side is gone: elsewhere the words would fall into the middle of a reply. */
  #lastWord(error: Error | undefined): Buffer | undefined {
    if (!this.#quiet.now || this.#endedWhy !== undefined) return undefined
    const { host = '', port } = this.#options.tunnel.options.profile
    const reason = error ? reasonOf(error) : 'it closed the connection without a word'
    return farewell('08006', `the connection to ${hostPort(host, port)} was lost: ${reason}`, 'connect again')
  }
}

function farewell(code: string, text: string, hint?: string): Buffer {
  return encodeErrorResponse({ severity: 'FATAL', code, message: `pgoauth: ${text}`, hint })
}
