import type { Socket } from 'node:net'
import type { Clock } from '../base/clock.ts'
import { asPgoauthError, fail, PgoauthError } from '../base/errors.ts'
import type { Secret } from '../base/secret.ts'
import type { ServerConfig } from '../config/proxy-config.ts'
import type { Address } from '../config/scalars.ts'
import type { ScramKeyCache } from '../sasl/scram.ts'
import { parseAuthentication } from '../wire/authentication.ts'
import {
  type BackendKeyData,
  parseBackendKeyData,
  parseParameterStatus,
  parseReadyForQuery,
  SERVER,
} from '../wire/server-messages.ts'
import { encodeCancelRequest, encodeStartupMessage } from '../wire/startup.ts'
import { ReportedSettings } from './reported-settings.ts'
import { ServerAuthentication } from './server-authentication.ts'
import { isAside, ServerMessagesInbox, startupError } from './server-messages-inbox.ts'
import { openServerSocket, type ServerSocket } from './server-socket.ts'
import { serverMistake } from './server-version.ts'

export interface ConnectOptions {
  readonly server: ServerConfig
  readonly user: string
  /** Asked once for each connection, with what login.exec is told. */
  readonly password: (context: Readonly<Record<string, string>>) => Promise<Secret | undefined>
  /** Client certificate in place of those of `server.tls`. */
  readonly certificate?: { readonly cert: string | undefined; readonly key: string | undefined }
  /** Startup parameters beyond user and database, in the order in which they are to take effect; `role` comes last. */
  readonly parameters: ReadonlyMap<string, string>
  readonly scramKeys: ScramKeyCache
  readonly clock: Clock
  readonly signal?: AbortSignal
}

/** A server connection that is through its startup, idle at its first ReadyForQuery. */
export interface ServerConnection {
  /** Paused, with an `error` listener and no other; what it sends next is for whoever listens next. */
  readonly socket: Socket
  readonly address: Address
  /** ParameterStatus values, kept true by whoever reads the socket. */
  readonly parameters: Map<string, string>
  readonly key: BackendKeyData
  /** As `server_version_num`: 180004. */
  readonly versionNumber: number
  readonly connectedAtMs: number
  /** Ends the connection; in order (Terminate) where the server is idle. */
  close(): void
}

/**
 * Connects to the first of the server's addresses that answers and is what `target_session_attrs` asks for.
 *
 * @throws SERVER_UNREACHABLE, SERVER_UNFIT, SERVER_REFUSED, SERVER_FULL, SERVER_NOT_READY, SERVER_BAD, with each address's reason.
 */
export async function connectServer(options: ConnectOptions): Promise<ServerConnection> {
  const wanted = options.server.targetSessionAttrs
  const failures: PgoauthError[] = []
  for (const attrs of wanted === 'prefer-standby' ? (['standby', 'any'] as const) : [wanted]) {
    for (const address of options.server.addresses) {
      try {
        const connection = await connectAddress(address, options)
        const mistake = sessionMistake(attrs, connection.parameters)
        if (mistake === undefined) return connection
        connection.close()
        failures.push(new PgoauthError('SERVER_UNREACHABLE', { detail: `${address.host}:${address.port}: ${mistake}` }))
      } catch (thrown) {
        failures.push(asPgoauthError(thrown, 'SERVER_UNREACHABLE'))
        // Another host of the same cluster has the same roles: a refusal there would be the same.
        if (['SERVER_REFUSED', 'SERVER_UNFIT'].includes(failures.at(-1)?.code ?? '')) throw failures.at(-1)
      }
    }
  }
  const [first, ...others] = failures
  if (first === undefined) return fail('SERVER_UNREACHABLE', { detail: 'no address is configured' })
  if (others.length === 0) throw first
  const detail = failures.map((one) => one.detail ?? one.say).join('; ')
  throw new PgoauthError(failures.at(-1)?.code ?? 'SERVER_UNREACHABLE', { detail, cause: first })
}

/** Asks the server to cancel what the connection of that key runs; settled once the server has the request. */
export async function cancelServer(
  address: Address,
  { server, key, clock }: { server: ServerConfig; key: BackendKeyData; clock: Clock },
): Promise<void> {
  const { socket } = await openServerSocket({ address, tls: server.tls, timeoutMs: server.connectTimeoutMs, clock })
  await new Promise<void>((resolve) => {
    const stopTimer = clock.after(server.connectTimeoutMs, () => socket.destroy())
    socket.on('error', () => {})
    socket.once('close', () => {
      stopTimer()
      resolve()
    })
    // The server ends when it has acted; until then the request may still be on its way.
    socket.once('end', () => socket.destroy())
    socket.resume()
    socket.write(encodeCancelRequest(key.processId, key.secretKey))
  })
}

async function connectAddress(address: Address, options: ConnectOptions): Promise<ServerConnection> {
  const { server, clock, certificate, signal } = options
  const tls = certificate?.cert === undefined ? server.tls : { ...server.tls, ...certificate }
  const startedAtMs = clock.nowMs()
  const opened = await openServerSocket({ address, tls, timeoutMs: server.connectTimeoutMs, clock })
  const inbox = new ServerMessagesInbox(opened.socket)
  const late = () => {
    const detail = `${address.host}:${address.port}: startup took longer than ${server.connectTimeoutMs} ms`
    inbox.interrupt(new PgoauthError('SERVER_UNREACHABLE', { detail }))
  }
  const onAbort = () => inbox.interrupt(asPgoauthError(signal?.reason, 'SERVER_UNREACHABLE'))
  const leftMs = Math.max(server.connectTimeoutMs - (clock.nowMs() - startedAtMs), 1)
  const stopTimer = clock.after(leftMs, late)
  signal?.addEventListener('abort', onAbort, { once: true })
  try {
    if (signal?.aborted) onAbort()
    return await startUp(opened, inbox, address, options)
  } catch (error) {
    opened.socket.destroy()
    throw error
  } finally {
    stopTimer()
    signal?.removeEventListener('abort', onAbort)
  }
}

async function startUp(
  opened: ServerSocket,
  inbox: ServerMessagesInbox,
  address: Address,
  options: ConnectOptions,
): Promise<ServerConnection> {
  const { socket } = opened
  const { server, user, clock } = options
  const context = { PGUSER: user, PGHOST: address.host, PGPORT: String(address.port), PGDATABASE: server.database }
  const authentication = new ServerAuthentication({
    user,
    password: await options.password(context),
    server: opened,
    channelBinding: server.channelBinding,
    allowMd5: server.allowMd5,
    scramKeys: options.scramKeys,
  })
  socket.write(
    encodeStartupMessage({ major: 3, minor: 0 }, [
      ['user', user],
      ['database', server.database],
      ...options.parameters,
    ]),
  )
  const parameters = new ReportedSettings()
  let isIn = false
  let key: BackendKeyData | undefined
  for (;;) {
    const { tag, body } = await inbox.next()
    if (tag === SERVER.ErrorResponse) throw startupError(body)
    if (isAside(tag)) continue
    if (tag === SERVER.Authentication && !isIn) {
      const request = parseAuthentication(body)
      const answer = await authentication.answer(request)
      if (answer) socket.write(answer)
      isIn = request.kind === 'ok'
    } else if (tag === SERVER.ParameterStatus && isIn) {
      const { name, value } = parseParameterStatus(body)
      parameters.set(name, value)
    } else if (tag === SERVER.BackendKeyData && isIn) {
      key = parseBackendKeyData(body)
    } else if (tag === SERVER.ReadyForQuery && isIn && key !== undefined) {
      if (parseReadyForQuery(body) !== 'I') fail('SERVER_BAD', { detail: 'not idle after startup' })
      break
    } else {
      fail('SERVER_BAD', { detail: `message ${tag} during startup` })
    }
  }
  const { mistake, versionNumber } = serverMistake(parameters)
  if (mistake !== undefined) fail('SERVER_UNFIT', { detail: mistake })
  if (inbox.release().length > 0) fail('SERVER_BAD', { detail: 'bytes behind the first ReadyForQuery' })
  return {
    socket,
    address,
    parameters,
    key,
    versionNumber,
    connectedAtMs: clock.nowMs(),
    close: () => {
      if (socket.writable) socket.end(TERMINATE)
      // A server that does not answer the end must not keep the socket.
      clock.after(CLOSE_MS, () => socket.destroy())
      socket.resume()
    },
  }
}

const TERMINATE = Buffer.from([0x58, 0, 0, 0, 4])
const CLOSE_MS = 5_000

/** As libpq judges it, from what servers since 14 report by themselves. */
function sessionMistake(
  attrs: ServerConfig['targetSessionAttrs'],
  parameters: ReadonlyMap<string, string>,
): string | undefined {
  const isStandby = parameters.get('in_hot_standby') === 'on'
  const isReadOnly = isStandby || parameters.get('default_transaction_read_only') === 'on'
  switch (attrs) {
    case 'read-write':
      return isReadOnly ? 'the session is read-only' : undefined
    case 'read-only':
      return isReadOnly ? undefined : 'the session is not read-only'
    case 'primary':
      return isStandby ? 'the server is a standby' : undefined
    case 'standby':
      return isStandby ? undefined : 'the server is not a standby'
    default:
      return undefined
  }
}
