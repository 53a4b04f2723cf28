import { createHmac } from 'node:crypto'

/** The bounds of one line: of a text, a list, and the whole. */
const MAX_TEXT_CHARACTERS = 1000
const MAX_LIST_ITEMS = 200
const MAX_LINE_CHARACTERS = 16_384

const MAC_FIELD = /,"mac":"([0-9a-f]{64})"}$/

/** A record as one line of JSON, within bounds; what was cut is said (`truncated`). */
export function encodeLine(record: Readonly<Record<string, unknown>>): string {
  // Most records hold nothing that could be too long, and a replacer costs several times the line.
  if (Object.values(record).every(isShort)) {
    const whole = JSON.stringify(record)
    if (whole.length <= MAX_LINE_CHARACTERS) return whole
  }
  let cut = false
  const line = JSON.stringify(record, (_, value: unknown) => {
    if (typeof value === 'string' && value.length > MAX_TEXT_CHARACTERS) {
      cut = true
      return `${value.slice(0, MAX_TEXT_CHARACTERS)}…`
    }
    if (Array.isArray(value) && value.length > MAX_LIST_ITEMS) {
      cut = true
      return value.slice(0, MAX_LIST_ITEMS)
    }
    return value
  })
  if (line.length <= MAX_LINE_CHARACTERS) return cut ? `${line.slice(0, -1)},"truncated":true}` : line
  const short = Object.entries(record).filter(([, value]) => !Array.isArray(value))
  return `${encodeLine(Object.fromEntries(short)).slice(0, -1)},"truncated":true}`
}

function isShort(value: unknown): boolean {
  if (typeof value === 'string') return value.length <= MAX_TEXT_CHARACTERS
  if (typeof value !== 'object' || value === null) return true
  return Array.isArray(value) && value.length <= MAX_LIST_ITEMS && value.every(isShortText)
}

function isShortText(value: unknown): boolean {
  return typeof value === 'string' && value.length <= MAX_TEXT_CHARACTERS
}

/** The line with its link: HMAC-SHA256 over the link before it and the line. */
export function chainLine(
  line: string,
  previous: string,
  key: Buffer,
): { readonly line: string; readonly mac: string } {
  const mac = macOf(line, previous, key)
  return { line: `${line.slice(0, -1)},"mac":"${mac}"}`, mac }
}

/** A chained line taken apart again: what was signed, and the link. Undefined where it has none. */
export function unchainLine(line: string): { readonly signed: string; readonly mac: string } | undefined {
  const mac = MAC_FIELD.exec(line)?.[1]
  return mac === undefined ? undefined : { signed: line.replace(MAC_FIELD, '}'), mac }
}

export function macOf(line: string, previous: string, key: Buffer): string {
  return createHmac('sha256', key).update(previous).update('\n').update(line).digest('hex')
}
