import { access, readFile } from 'node:fs/promises'
import { isIPv4 } from 'node:net'
import { endianness } from 'node:os'

/** The two ends of a TCP connection between processes of this machine, seen from the listening side. */
export interface TcpEnds {
  readonly remoteAddress: string
  readonly remotePort: number
  readonly localAddress: string
  readonly localPort: number
}

const TABLES = ['/proc/net/tcp', '/proc/net/tcp6'] as const
type TableName = (typeof TABLES)[number]

/**
 * The uid of the process at the far end of a loopback connection, from Linux's socket table; undefined where no
 * living socket has these ends. Read while the connection is open, or it tells nothing.
 *
 * A socket whose process has closed it stays in the table for a while as uid 0 with inode 0: such an entry says
 * nothing about anybody and is passed over.
 *
 * Rejects with the system's error where the table cannot be read.
 *
 * @see https://www.kernel.org/doc/html/latest/networking/proc_net_tcp.html
 */
export async function socketOwner(ends: TcpEnds): Promise<number | undefined> {
  // The table is not read in one piece: an entry that moves meanwhile can be missed once.
  return (await lookUp(ends)) ?? (await lookUp(ends))
}

async function lookUp(ends: TcpEnds): Promise<number | undefined> {
  const v4 = { peer: v4Hex(ends.remoteAddress), own: v4Hex(ends.localAddress) }
  const peerPort = portHex(ends.remotePort)
  const ownPort = portHex(ends.localPort)
  if (v4.peer !== undefined && v4.own !== undefined) {
    const plain = ` ${v4.peer}:${peerPort} ${v4.own}:${ownPort} `
    // A client that opened an IPv6 socket for an IPv4 address has its entry in the other table.
    const mapped = ` ${MAPPED}${v4.peer}:${peerPort} ${MAPPED}${v4.own}:${ownPort} `
    return (await findOwner(TABLES[0], plain)) ?? (await findOwner(TABLES[1], mapped))
  }
  const peer = v6Hex(ends.remoteAddress)
  const own = v6Hex(ends.localAddress)
  if (peer === undefined || own === undefined) return undefined
  return await findOwner(TABLES[1], ` ${peer}:${peerPort} ${own}:${ownPort} `)
}

/** Whether this system has such a table. */
export async function hasSocketTable(): Promise<boolean> {
  try {
    await access(TABLES[0])
    return true
  } catch {
    return false
  }
}

async function findOwner(table: TableName, ends: string): Promise<number | undefined> {
  return ownerIn(await readers[table].read(), ends)
}

/**
 * Reads a table once for all who ask at the same time: it costs the kernel some 2 µs a line, and tools open their
 * connections in bursts. Who asks while it is being read waits for the next reading, which is sure to have them.
 */
class TableReader {
  readonly #file: string
  #reading: Promise<unknown> = Promise.resolve()
  #next: Promise<string> | undefined

  constructor(file: string) {
    this.#file = file
  }

  read(): Promise<string> {
    this.#next ??= this.#reading.then(() => {
      this.#next = undefined
      const text = readFile(this.#file, 'latin1').catch(emptyWhereAbsent)
      this.#reading = text.catch(() => {})
      return text
    })
    return this.#next
  }
}

/** Without IPv6 there is no such table. Anything else that goes wrong says nothing about who is there. */
function emptyWhereAbsent(error: NodeJS.ErrnoException): string {
  if (error.code === 'ENOENT') return ''
  throw error
}

const readers: Record<TableName, TableReader> = {
  '/proc/net/tcp': new TableReader('/proc/net/tcp'),
  '/proc/net/tcp6': new TableReader('/proc/net/tcp6'),
}

function ownerIn(text: string, ends: string): number | undefined {
  const at = text.indexOf(ends)
  if (at < 0) return undefined
  const end = text.indexOf('\n', at)
  // st, queues, timer, retransmits, uid, timeout, inode
  const fields = text
    .slice(at + ends.length, end)
    .trim()
    .split(/\s+/)
  const [uid, inode] = [fields[4], fields[6]]
  if (uid === undefined || inode === undefined || inode === '0') return undefined
  return Number(uid)
}

/** As the kernel prints `::ffff:` in front of an IPv4 address: three 32-bit words, each in the machine's order. */
const MAPPED = '0000000000000000FFFF0000'

function v4Hex(address: string): string | undefined {
  const dotted = address.replace(/^::ffff:/i, '')
  if (!isIPv4(dotted)) return undefined
  const bytes = dotted.split('.').map(Number)
  return hexOfWord(bytes)
}

function v6Hex(address: string): string | undefined {
  const groups = expandV6(address.replace(/%.*$/, ''))
  if (groups === undefined) return undefined
  const bytes = groups.flatMap((group) => [group >> 8, group & 0xff])
  return [0, 4, 8, 12].map((from) => hexOfWord(bytes.slice(from, from + 4))).join('')
}

function expandV6(address: string): number[] | undefined {
  const [head = '', tail] = address.split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  const missing = tail === undefined ? 0 : 8 - left.length - right.length
  const groups = [...left, ...Array<string>(Math.max(0, missing)).fill('0'), ...right].map((group) =>
    Number.parseInt(group, 16),
  )
  return groups.length === 8 && groups.every((group) => group >= 0 && group <= 0xffff) ? groups : undefined
}

/** Four bytes as the kernel prints them: one word, read in the machine's own byte order. */
function hexOfWord(bytes: readonly number[]): string {
  const word = Buffer.from(bytes)
  return (endianness() === 'LE' ? word.reverse() : word).toString('hex').toUpperCase()
}

function portHex(port: number): string {
  return port.toString(16).toUpperCase().padStart(4, '0')
}
