import { open } from 'node:fs/promises'
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
const PIECE_BYTES = 64 * 1024

/**
 * The uid of the process at the far end of a loopback connection, from Linux's socket table; undefined where no
 * living socket has these ends. Read while the connection is open, or it tells nothing.
 *
 * A socket whose process has closed it stays in the table for a while as uid 0 with inode 0: such an entry says
 * nothing about anybody and is passed over.
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
    await (await open(TABLES[0])).close()
    return true
  } catch {
    return false
  }
}

/** Looks through a table piece by piece and stops at the entry: on a busy machine the table has megabytes. */
async function findOwner(table: string, ends: string): Promise<number | undefined> {
  const file = await open(table).catch(() => undefined)
  if (file === undefined) return undefined
  try {
    const piece = Buffer.allocUnsafe(PIECE_BYTES)
    let tail = ''
    while (true) {
      const { bytesRead } = await file.read(piece, 0, PIECE_BYTES, null)
      if (bytesRead === 0) return undefined
      const text = tail + piece.toString('latin1', 0, bytesRead)
      const owner = ownerIn(text, ends)
      if (owner !== undefined) return owner
      tail = text.slice(text.lastIndexOf('\n') + 1)
    }
  } finally {
    await file.close()
  }
}

function ownerIn(text: string, ends: string): number | undefined {
  const at = text.indexOf(ends)
  const end = at < 0 ? -1 : text.indexOf('\n', at)
  if (end < 0) return undefined
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
