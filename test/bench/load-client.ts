import type { Socket } from 'node:net'
import { Secret } from '../../src/base/secret.ts'
import { encodeInitialResponse } from '../../src/sasl/oauthbearer.ts'
import { SCRAM_SHA_256, ScramClient, type ScramKeyCache } from '../../src/sasl/scram.ts'
import { encodeSaslInitialResponse, encodeSaslResponse } from '../../src/wire/authentication.ts'
import {
  encodeBind,
  encodeDescribe,
  encodeExecute,
  encodeParse,
  encodeQuery,
  encodeSync,
} from '../../src/wire/client-messages.ts'
import { RawClient, type RawMessage } from '../support/raw-client.ts'
import type { Protocol } from './pgbench.ts'

/** What the process is told, as JSON in its one argument; the secret comes in PGPASSWORD. */
export interface LoadOrder {
  readonly port: number
  readonly database: string
  readonly user: string
  readonly tls: boolean
  readonly protocol: Protocol
  readonly clients: number
  readonly seconds: number
  /** Ids are drawn from 1 to this. */
  readonly rows: number
}

/** What it prints, as JSON. */
export interface LoadResult {
  readonly transactions: number
  readonly perSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
}

/** Of the latencies one in this many is kept. */
const SAMPLED = 10
/** ReadyForQuery, idle: a reply that ends with it is whole. */
const READY = Buffer.from('5a0000000549', 'hex')
const NAME = 'one_account'
const SQL = 'SELECT abalance FROM pgbench_accounts WHERE aid = '

/**
 * The bench's own client, for what pgbench's libpq cannot do: OAUTHBEARER, and so links without TLS. Each of its
 * connections runs one single-row SELECT after the other, as `pgbench -S` does.
 */
async function main(order: LoadOrder, password: string): Promise<LoadResult> {
  const keys: ScramKeyCache = new Map()
  const sockets: Socket[] = []
  for (let count = 0; count < order.clients; count++) sockets.push(await open(order, password, keys))
  let transactions = 0
  const tookMs: number[] = []
  const startMs = performance.now()
  const untilMs = startMs + order.seconds * 1000
  await Promise.all(
    sockets.map(async (socket) => {
      if (order.protocol === 'prepared') {
        await exchange(socket, Buffer.concat([encodeParse(NAME, `${SQL}$1`), encodeSync()]))
      }
      await new Promise<void>((resolve, reject) => {
        let sentMs = 0
        const send = () => {
          sentMs = performance.now()
          if (sentMs < untilMs) socket.write(turn(order))
          else resolve()
        }
        socket.on('data', (chunk: Buffer) => {
          if (!chunk.subarray(-READY.length).equals(READY)) return
          if (transactions++ % SAMPLED === 0) tookMs.push(performance.now() - sentMs)
          send()
        })
        socket.on('close', () => reject(new Error('the connection was closed')))
        send()
      })
    }),
  )
  const seconds = (performance.now() - startMs) / 1000
  for (const socket of sockets) socket.removeAllListeners('close').destroy()
  const sorted = tookMs.sort((a, b) => a - b)
  const at = (share: number) => sorted[Math.floor(sorted.length * share)] ?? Number.NaN
  return { transactions, perSecond: transactions / seconds, p50Ms: at(0.5), p99Ms: at(0.99) }
}

function turn({ protocol, rows }: LoadOrder): Buffer {
  const id = 1 + Math.floor(Math.random() * rows)
  if (protocol === 'simple') return encodeQuery(`${SQL}${id};`)
  const name = protocol === 'prepared' ? NAME : ''
  const rest = [
    encodeBind('', name, [String(id)]),
    encodeDescribe({ kind: 'portal', name: '' }),
    encodeExecute(''),
    encodeSync(),
  ]
  return Buffer.concat(protocol === 'prepared' ? rest : [encodeParse('', `${SQL}$1`), ...rest])
}

/** A connection that is logged in, by whatever the far side asks for: nothing, OAUTHBEARER, SCRAM. */
async function open(order: LoadOrder, password: string, keys: ScramKeyCache): Promise<Socket> {
  const client = await RawClient.connect(order.port, { tls: order.tls ? 'ssl' : 'none' })
  client.startup({ user: order.user, database: order.database })
  const scram = new ScramClient({ password: new Secret(password), cache: keys })
  for (;;) {
    const message = await client.next()
    if (message.tag === 'Z') break
    if (message.tag === 'E' || message.tag === 'closed') throw new Error(`refused: ${message.text ?? message.tag}`)
    if (message.tag === 'R') await authenticate(client, message, password, scram)
  }
  const socket = client.handOver()
  socket.setNoDelay(true).resume()
  return socket
}

/** @see https://www.postgresql.org/docs/18/protocol-message-formats.html */
async function authenticate(client: RawClient, { body }: RawMessage, password: string, scram: ScramClient) {
  const [kind, data] = [body.readInt32BE(0), body.subarray(4)]
  if (kind === 10 && data.includes('OAUTHBEARER')) {
    client.send(encodeSaslInitialResponse('OAUTHBEARER', encodeInitialResponse(new Secret(password))))
  } else if (kind === 10) client.send(encodeSaslInitialResponse(SCRAM_SHA_256, scram.first()))
  else if (kind === 11) client.send(encodeSaslResponse(await scram.respond(data)))
  else if (kind === 12) scram.finish(data)
  else if (kind !== 0) throw new Error(`authentication request ${kind}`)
}

function exchange(socket: Socket, request: Buffer): Promise<void> {
  return new Promise((resolve) => {
    const onData = (chunk: Buffer) => {
      if (!chunk.subarray(-READY.length).equals(READY)) return
      socket.off('data', onData)
      resolve()
    }
    socket.on('data', onData)
    socket.write(request)
  })
}

const [order = '{}'] = process.argv.slice(2)
process.stdout.write(JSON.stringify(await main(JSON.parse(order), process.env.PGPASSWORD ?? '')))
