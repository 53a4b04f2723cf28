import { once } from 'node:events'
import { connect } from 'node:net'
import { pipeline } from 'node:stream'
import { decodeInitialResponse } from '../../src/sasl/oauthbearer.ts'
import { encodeNegotiateProtocolVersion } from '../../src/wire/server-messages.ts'
import { encodeCancelRequest, encodeStartupMessage } from '../../src/wire/startup.ts'
import type { CertifiedKey } from './certificates.ts'
import { startTestPostgres } from './postgres.ts'
import { type ScriptedRemote, startScriptedRemote } from './scripted-remote.ts'

export interface OauthPostgres extends ScriptedRemote {
  /** The tokens it lets in; change it as the test needs. */
  readonly tokens: Set<string>
  /** The real server behind it. */
  readonly postgres: Awaited<ReturnType<typeof startTestPostgres>>
}

/**
 * A real PostgreSQL 18 behind the wire exchange that its `oauth` in pg_hba.conf conducts (auth-oauth.c). An embedded
 * server cannot load a validator, so the exchange is scripted and everything after it is the server's own.
 */
export async function startOauthPostgres(
  options: { tokens?: string[]; accepts?: (token: string) => boolean; tls?: CertifiedKey; prepare?: string } = {},
): Promise<OauthPostgres> {
  const tokens = new Set(options.tokens ?? ['good-token'])
  const postgres = await startTestPostgres({
    hba: ['host all all 127.0.0.1/32 trust'],
    ...(options.prepare !== undefined && { prepare: options.prepare }),
  })
  const remote = await startScriptedRemote(async (talk) => {
    const unknownOptions = [...talk.startup.parameters.keys()].filter((name) => name.startsWith('_pq_.'))
    if (unknownOptions.length > 0) {
      talk.send(encodeNegotiateProtocolVersion({ version: talk.startup.version, unknownOptions }))
    }
    const { token } = decodeInitialResponse(Buffer.from(await talk.askForToken(), 'latin1'))
    const accepts = options.accepts ?? ((one: string) => tokens.has(one))
    if (token === undefined || !accepts(token.reveal())) return void (await talk.refuseToken())
    const server = connect({ port: postgres.port, host: '127.0.0.1', noDelay: true })
    await once(server, 'connect')
    const parameters = [...talk.startup.parameters].filter(([name]) => !unknownOptions.includes(name))
    server.write(encodeStartupMessage(talk.startup.version, parameters))
    const unread = talk.inbox.release()
    server.write(unread)
    pipeline(server, talk.stream, () => {})
    pipeline(talk.stream, server, () => {})
  }, options.tls)
  const forwarded = { length: 0 }
  const watch = setInterval(() => {
    for (; forwarded.length < remote.cancels.length; forwarded.length++) {
      const cancel = remote.cancels[forwarded.length]
      if (!cancel) return
      connect(postgres.port, '127.0.0.1').end(encodeCancelRequest(cancel.processId, cancel.secretKey))
    }
  }, 10)
  watch.unref()
  return Object.assign(remote, { tokens, postgres })
}
