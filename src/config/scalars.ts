import { isIP } from 'node:net'
import { z } from 'zod'
import { parseDurationMs, parseSizeBytes } from '../base/units.ts'

/** A duration as people write it (`30s`, `10m`), in milliseconds; 0 is 0. */
export const durationMs = z.union([z.string(), z.number()]).transform((text, context) => {
  const ms = parseDurationMs(text)
  if (ms !== undefined) return ms
  context.addIssue({ code: 'custom', message: `${JSON.stringify(text)} is not a duration; write 30s, 5m, 1h or 0` })
  return z.NEVER
})

/** A duration that is not 0: nothing would ever be in time, or be asked without a pause. */
export const positiveMs = durationMs.refine((ms) => ms > 0, 'must be more than 0')

/** A size as people write it (`16MiB`, `1GiB`), in bytes. */
export const sizeBytes = z.union([z.string(), z.number()]).transform((text, context) => {
  const bytes = parseSizeBytes(text)
  if (bytes !== undefined) return bytes
  context.addIssue({ code: 'custom', message: `${JSON.stringify(text)} is not a size; write 16MiB, 1GiB or 65536` })
  return z.NEVER
})

export interface Address {
  readonly host: string
  /** 0 is any free port. */
  readonly port: number
}

/** `HOST:PORT`, with brackets round an IPv6 address. */
export const address = z.string().transform((text, context): Address => {
  const [, bracketed, plain, port] = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text) ?? []
  const host = bracketed ?? plain
  if (host !== undefined && Number(port) <= 65_535 && (bracketed === undefined || isIP(bracketed) === 6)) {
    return { host, port: Number(port) }
  }
  context.addIssue({ code: 'custom', message: `${JSON.stringify(text)} is not HOST:PORT, such as 127.0.0.1:6432` })
  return z.NEVER
})

/** A network in CIDR notation; a single address is a network of one. */
export const network = z.string().transform((text, context) => {
  const [, host, prefix] = /^([0-9a-fA-F:.]+)(?:\/(\d{1,3}))?$/.exec(text) ?? []
  const version = isIP(host ?? '')
  const longest = version === 6 ? 128 : 32
  const bits = prefix === undefined ? longest : Number(prefix)
  if (host !== undefined && version !== 0 && bits <= longest) {
    return { address: host, prefix: bits, family: version === 6 ? ('ipv6' as const) : ('ipv4' as const) }
  }
  context.addIssue({ code: 'custom', message: `${JSON.stringify(text)} is not a network, such as 10.0.0.0/8` })
  return z.NEVER
})

export type Network = z.output<typeof network>

/** One or a list, as a list. */
export function oneOrMore<S extends z.ZodType>(schema: S) {
  return z.union([z.array(schema).min(1), schema.transform((one) => [one])])
}
