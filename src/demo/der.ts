/** The Distinguished Encoding Rules (X.690) as far as an X.509 certificate needs them: each gives tag, length and contents. */

export function sequence(...items: Buffer[]): Buffer {
  return tagged(0x30, ...items)
}

export function set(...items: Buffer[]): Buffer {
  return tagged(0x31, ...items)
}

/** `[n]` around whole elements, as EXPLICIT tags have it. */
export function explicit(n: number, ...items: Buffer[]): Buffer {
  return tagged(0xa0 | n, ...items)
}

/** `[n]` in place of a primitive element's own tag, as IMPLICIT tags have it. */
export function implicit(n: number, contents: Buffer): Buffer {
  return tagged(0x80 | n, contents)
}

export function integer(bytes: Buffer): Buffer {
  // A leading zero keeps a positive number positive.
  return tagged(0x02, ...((bytes[0] ?? 0) & 0x80 ? [Buffer.of(0)] : []), bytes)
}

export function boolean(value: boolean): Buffer {
  return tagged(0x01, Buffer.of(value ? 0xff : 0))
}

export function utf8(text: string): Buffer {
  return tagged(0x0c, Buffer.from(text))
}

export function octets(contents: Buffer): Buffer {
  return tagged(0x04, contents)
}

/** `unused`: how many bits at the end do not count. */
export function bits(contents: Buffer, unused = 0): Buffer {
  return tagged(0x03, Buffer.of(unused), contents)
}

/** An object identifier from its dotted form. */
export function identifier(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  const bytes = [first * 40 + second, ...rest].flatMap((number) => {
    const groups = [number & 0x7f]
    for (let left = number >>> 7; left > 0; left >>>= 7) groups.unshift((left & 0x7f) | 0x80)
    return groups
  })
  return tagged(0x06, Buffer.from(bytes))
}

/** UTCTime through 2049, GeneralizedTime from then on: RFC 5280 section 4.1.2.5. */
export function time(date: Date): Buffer {
  const digits = `${date.toISOString().replace(/[-:T]/g, '').slice(0, 14)}Z`
  return date.getUTCFullYear() < 2050 ? tagged(0x17, Buffer.from(digits.slice(2))) : tagged(0x18, Buffer.from(digits))
}

function tagged(tag: number, ...contents: Buffer[]): Buffer {
  const body = Buffer.concat(contents)
  if (body.length < 0x80) return Buffer.concat([Buffer.of(tag, body.length), body])
  const size: number[] = []
  for (let left = body.length; left > 0; left >>>= 8) size.unshift(left & 0xff)
  return Buffer.concat([Buffer.of(tag, 0x80 | size.length, ...size), body])
}
