import { isIP } from 'node:net'
import { fail } from '../base/errors.ts'

/** Who is behind a balancer. */
export type ProxyHeader =
  | { readonly kind: 'proxied'; readonly address: string; readonly port: number }
  /** The balancer's own connection, such as a health check. */
  | { readonly kind: 'local' }

/** Longest line of version 1, its CRLF counted in (specification section 2.1). */
const MAX_V1_BYTES = 107
const V1_START = Buffer.from('PROXY ')
const V2_SIGNATURE = Buffer.from([0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a])
const V2_HEADER_BYTES = 16
/** Addresses take 36 bytes; the rest are TLVs of cloud balancers. */
const MAX_V2_BODY_BYTES = 2048

/**
 * Reads the PROXY protocol header, version 1 or 2, that a connection begins with; undefined while it is not whole.
 *
 * @throws BAD_STARTUP where the connection begins with anything else.
 * @see https://www.haproxy.org/download/2.8/doc/proxy-protocol.txt
 */
export function readProxyHeader(received: Buffer): { value: ProxyHeader; rest: Buffer } | undefined {
  if (startsLike(received, V2_SIGNATURE)) return readV2(received)
  if (startsLike(received, V1_START)) return readV1(received)
  return bad('the connection does not begin with a PROXY protocol header')
}

/** Whether it is the start, or is short and could still become it. */
function startsLike(received: Buffer, start: Buffer): boolean {
  const length = Math.min(received.length, start.length)
  return received.subarray(0, length).equals(start.subarray(0, length))
}

function readV1(received: Buffer): { value: ProxyHeader; rest: Buffer } | undefined {
  const end = received.subarray(0, MAX_V1_BYTES).indexOf('\r\n')
  if (end < 0) return received.length < MAX_V1_BYTES ? undefined : bad('a line without its end')
  const rest = received.subarray(end + 2)
  const words = received.toString('latin1', 0, end).split(' ')
  if (words[1] === 'UNKNOWN') return { value: { kind: 'local' }, rest }
  const [, family, source = '', destination = '', port = '', destinationPort = ''] = words
  const version = family === 'TCP4' ? 4 : family === 'TCP6' ? 6 : bad('an unknown family')
  const isWhole = words.length === 6 && isIP(source) === version && isIP(destination) === version
  if (!isWhole || !isPort(port) || !isPort(destinationPort)) bad('addresses that are none')
  return { value: { kind: 'proxied', address: source, port: Number(port) }, rest }
}

function isPort(text: string): boolean {
  return /^(0|[1-9]\d{0,4})$/.test(text) && Number(text) <= 65_535
}

function readV2(received: Buffer): { value: ProxyHeader; rest: Buffer } | undefined {
  if (received.length < V2_HEADER_BYTES) return undefined
  const version = received.readUInt8(12)
  const family = received.readUInt8(13)
  const length = received.readUInt16BE(14)
  if (version >> 4 !== 2 || (version & 0xf) > 1) bad('an unknown version or command')
  if (length > MAX_V2_BODY_BYTES) bad(`${length} bytes of addresses`)
  if (received.length < V2_HEADER_BYTES + length) return undefined
  const body = received.subarray(V2_HEADER_BYTES, V2_HEADER_BYTES + length)
  const rest = received.subarray(V2_HEADER_BYTES + length)
  if ((version & 0xf) === 0) return { value: { kind: 'local' }, rest }
  if (family === 0x11 && length >= 12) {
    const address = [...body.subarray(0, 4)].join('.')
    return { value: { kind: 'proxied', address, port: body.readUInt16BE(8) }, rest }
  }
  if (family === 0x21 && length >= 36) {
    const words = Array.from({ length: 8 }, (_, at) => body.readUInt16BE(at * 2).toString(16))
    return { value: { kind: 'proxied', address: words.join(':'), port: body.readUInt16BE(32) }, rest }
  }
  return bad('neither TCP over IPv4 nor over IPv6')
}

function bad(detail: string): never {
  fail('BAD_STARTUP', { detail: `PROXY protocol: ${detail}` })
}
