import type { Duplex } from 'node:stream'
import { asPgoauthError, PgoauthError } from '../base/errors.ts'
import { isLoopbackHost } from '../base/loopback.ts'
import { hostPort } from '../net/dial.ts'
import { Inbox } from '../net/inbox.ts'
import type { CancelRequest, StartupMessage } from '../wire/startup.ts'
import { forwardCancel } from './cancel.ts'
import { errorForClient, errorForStranger, httpAnswer, refusalForClient, refusalForTerminal } from './client-error.ts'
import type { ConnectionOpened } from './connection-events.ts'
import { type LocalOpening, receiveOpening } from './local-opening.ts'
import { openSession } from './open-session.ts'
import { asksWhosePort } from './port-owner.ts'
import { RunningSession } from './running-session.ts'
import { remoteParameters } from './startup-parameters.ts'
import { tokenFacts } from './token-facts.ts'
import type { LocalPeer, Tunnel } from './tunnel.ts'

const OPENING_TIMEOUT_MS = 15_000
const SESSION_TIMEOUT_MS = 60_000

/** One local connection: opening, access, session with the remote side, relay. */
export class LocalConnection {
  readonly #tunnel: Tunnel
  readonly #peer: LocalPeer
  readonly #id: number
  /** The stream that talks to the client: TLS may have been put on it. */
  #stream: Duplex
  #inbox: Inbox
  /** Whether the client has shown that it may know more than that it may not. */
  #trusted = false
  /** What the client asks for, once it has said so. */
  #opened: ConnectionOpened | undefined
  readonly #attempt = new AbortController()
  #running: RunningSession | undefined

  constructor(tunnel: Tunnel, stream: Duplex, peer: LocalPeer, id: number) {
    this.#tunnel = tunnel
    this.#stream = stream
    this.#peer = peer
    this.#id = id
    this.#inbox = new Inbox(stream)
  }

  async run(): Promise<void> {
    const { access } = this.#tunnel.options
    try {
      const opening = await this.#inTime(this.#receive())
      if (opening === undefined) return void this.#stream.destroy()
      await this.#trustPeer()
      if (opening.packet.kind === 'cancel') return await this.#cancel(opening.packet)
      await this.#inTime(access.authenticate(this.#inbox))
      await this.#session(opening.packet)
    } catch (error) {
      await this.#refuse(asPgoauthError(error))
    }
  }

  /** Ends the connection from our side; a client that is idle is told why. */
  end(why: string): void {
    if (this.#running) {
      this.#running.end(why)
      return
    }
    const error = new PgoauthError('SESSION_ENDED', { detail: why })
    this.#attempt.abort(error)
    this.#inbox.interrupt(error)
  }

  async #receive(): Promise<LocalOpening | undefined> {
    const opening = await receiveOpening(this.#inbox, this.#tunnel.options.startLocalTls)
    if (opening) {
      this.#inbox = opening.inbox
      this.#stream = opening.inbox.stream
    }
    return opening
  }

  async #trustPeer(): Promise<void> {
    await this.#tunnel.options.access.checkPeer(this.#peer)
    this.#trusted = this.#tunnel.options.access.kind !== 'password'
  }

  async #inTime<T>(step: Promise<T>): Promise<T> {
    const { clock, openingTimeoutMs = OPENING_TIMEOUT_MS } = this.#tunnel.options
    let stop = () => {}
    const deadline = new Promise<never>((_, reject) => {
      stop = clock.after(openingTimeoutMs, () => {
        const detail = `the client did not say what it wants within ${openingTimeoutMs / 1000} s`
        reject(new PgoauthError('HANDSHAKE_TIMEOUT', { detail }))
      })
    })
    try {
      return await Promise.race([step, deadline])
    } finally {
      stop()
    }
  }

  async #cancel(request: CancelRequest): Promise<void> {
    const { profile, events, clock } = this.#tunnel.options
    const session = this.#tunnel.cancelKeys.find(request)
    const outcome = session
      ? await forwardCancel(request, { profile, address: session.address, clock })
      : 'no session here has this key'
    events.cancelled({ id: this.#id, profile: profile.name, peer: this.#peer.name, outcome })
    this.#stream.end(() => this.#stream.destroy())
  }

  async #session(startup: StartupMessage): Promise<void> {
    const { profile, tokens, clock, events, sessionTimeoutMs = SESSION_TIMEOUT_MS } = this.#tunnel.options
    this.#trusted = true
    const opened = this.#describe(startup)
    this.#opened = opened
    const stop = clock.after(sessionTimeoutMs, () => {
      const detail = `no session after ${sessionTimeoutMs / 1000} s`
      this.#attempt.abort(
        new PgoauthError('PROXY_UNREACHABLE', { detail, fix: 'try again; pgoauth doctor looks into it' }),
      )
    })
    const onGone = () => this.#attempt.abort(new PgoauthError('BAD_STARTUP', { detail: 'the client left' }))
    if (this.#stream.readableEnded || this.#stream.closed) onGone()
    this.#stream.once('close', onGone)
    this.#stream.once('end', onGone)
    const signal = this.#attempt.signal
    let session: Awaited<ReturnType<typeof openSession>>
    try {
      session = await openSession({ startup, profile, tokens, memory: this.#tunnel.memory, clock, signal })
    } finally {
      stop()
      this.#stream.off('close', onGone)
      this.#stream.off('end', onGone)
    }
    if (session.kind === 'admitted') {
      this.#tunnel.lastAttempt = 'ok'
      const [tunnel, inbox] = [this.#tunnel, this.#inbox]
      this.#running = new RunningSession({ tunnel, inbox, startup, session, opened })
      return await this.#running.run()
    }

    const error = refusalForTerminal(session, profile)
    this.#tunnel.lastAttempt = error.code
    const facts = session.isAboutToken ? tokenFacts(session.token, profile, session.challenge, clock) : []
    events.refused({ ...opened, error, facts })
    if (session.isAboutToken) this.#tunnel.loginNeeded()
    this.#say(refusalForClient(session, profile))
  }

  #describe(startup: StartupMessage): ConnectionOpened {
    const { profile } = this.#tunnel.options
    const parameters = remoteParameters(startup, profile)
    const user = parameters.get('user') ?? ''
    return {
      id: this.#id,
      profile: profile.name,
      peer: this.#peer.name,
      remote: hostPort(profile.host ?? '', profile.port),
      user,
      database: parameters.get('database') ?? user,
      application: parameters.get('application_name') ?? '',
    }
  }

  async #refuse(error: PgoauthError): Promise<void> {
    if (error.code === 'NOT_POSTGRES') return await this.#answerHttp(error)
    this.#tellRefused(error)
    if (this.#trusted) this.#tunnel.lastAttempt = error.code
    if (error.code === 'LOGIN_NEEDED') this.#tunnel.loginNeeded()
    this.#say(this.#trusted ? errorForClient(error) : errorForStranger(error))
  }

  #tellRefused(error: PgoauthError): void {
    const { events, profile } = this.#tunnel.options
    const who = this.#opened ?? { id: this.#id, profile: profile.name, peer: this.#peer.name }
    events.refused({ ...who, error, facts: [] })
  }

  /** A command of ours that looks whose port it is is told, and nobody else of it. */
  async #answerHttp(error: PgoauthError): Promise<void> {
    const isOurs = await this.#isOurs()
    const looks = await this.#inbox.take((received) => ({ value: asksWhosePort(received), rest: received }))
    if (!isOurs || !looks) this.#tellRefused(error)
    const { name } = this.#tunnel.options.profile
    this.#say(httpAnswer(isOurs ? { pid: process.pid, profile: name } : undefined))
  }

  /** Whether the peer may know whose port this is: on this machine, and not somebody refused. */
  async #isOurs(): Promise<boolean> {
    const { tcp } = this.#peer
    if (tcp && !isLoopbackHost(tcp.remoteAddress.replace(/^::ffff:/i, ''))) return false
    return this.#trustPeer().then(
      () => true,
      () => false,
    )
  }

  /** The last thing that the client hears. */
  #say(bytes: Buffer): void {
    // In the middle of a TLS handshake there is nothing to say it in.
    if (this.#inbox.released) return void this.#stream.destroy()
    if (this.#stream.writable) this.#stream.write(bytes)
    this.#stream.end(() => this.#stream.destroy())
  }
}
