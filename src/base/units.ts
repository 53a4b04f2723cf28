const DURATION = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/
const MS_PER = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const
const SIZE = /^(\d+(?:\.\d+)?)(B|KiB|MiB|GiB|kB|MB|GB)?$/
const BYTES_PER = {
  B: 1,
  kB: 1000,
  MB: 1000 ** 2,
  GB: 1000 ** 3,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
} as const

/** Milliseconds of `30s`, `5m`, `1h`, `250ms`, `2d`, or of a plain 0; undefined where it is not a duration. */
export function parseDurationMs(text: string | number): number | undefined {
  if (text === 0 || text === '0') return 0
  const [, amount, unit] = DURATION.exec(String(text)) ?? []
  if (amount === undefined) return undefined
  return Math.round(Number(amount) * MS_PER[unit as keyof typeof MS_PER])
}

/** Bytes of `16MiB`, `1GiB`, `500kB`, or of a plain number; undefined where it is not a size. */
export function parseSizeBytes(text: string | number): number | undefined {
  const [, amount, unit] = SIZE.exec(String(text)) ?? []
  if (amount === undefined) return undefined
  return Math.round(Number(amount) * BYTES_PER[(unit ?? 'B') as keyof typeof BYTES_PER])
}
