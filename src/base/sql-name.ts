/** NAMEDATALEN - 1: PostgreSQL cuts longer names, at a character's edge. */
const MAX_NAME_BYTES = 63

const PLAIN = /^[a-z_\u0080-\uffff][a-z0-9_$\u0080-\uffff]*$/

/** Folds an unquoted name as PostgreSQL does in UTF-8: ASCII letters only, then the cut at 63 bytes. */
export function foldName(text: string): string {
  return cutName(text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase()))
}

/** Cuts a name to 63 bytes of UTF-8 without splitting a character. */
export function cutName(name: string): string {
  if (name.length * 3 <= MAX_NAME_BYTES || Buffer.byteLength(name) <= MAX_NAME_BYTES) return name
  let bytes = 0
  let cut = ''
  for (const character of name) {
    bytes += Buffer.byteLength(character)
    if (bytes > MAX_NAME_BYTES) break
    cut += character
  }
  return cut
}

/** A name as SQL would have to write it. */
export function quoteName(name: string): string {
  return PLAIN.test(name) ? name : `"${name.replaceAll('"', '""')}"`
}

export interface NameToken {
  /** `name` is folded or unquoted already. */
  readonly type: 'name' | 'dot' | 'star' | 'open' | 'close' | 'comma'
  readonly name: string
  readonly quoted: boolean
}

/**
 * Takes a dotted SQL name with its stars, parentheses and commas apart; undefined where something else stands in it.
 * Unquoted names are folded and all names are cut, as the server's own scanner does.
 */
export function tokenizeName(text: string): NameToken[] | undefined {
  const tokens: NameToken[] = []
  const pattern = /\s+|"((?:[^"]|"")+)"|([A-Za-z_\u0080-\uffff][A-Za-z0-9_$\u0080-\uffff]*)|([.*(),])/gy
  const marks = { '.': 'dot', '*': 'star', '(': 'open', ')': 'close', ',': 'comma' } as const
  while (pattern.lastIndex < text.length) {
    const match = pattern.exec(text)
    if (!match) return undefined
    const [, quoted, plain, mark] = match
    if (quoted !== undefined) {
      tokens.push({ type: 'name', name: cutName(quoted.replaceAll('""', '"')), quoted: true })
    } else if (plain !== undefined) tokens.push({ type: 'name', name: foldName(plain), quoted: false })
    else if (mark !== undefined) {
      tokens.push({ type: marks[mark as keyof typeof marks], name: mark, quoted: false })
    }
  }
  return tokens
}

/** The parts of a plain dotted name, at most `most` of them; undefined where it is not one. */
export function splitDottedName(text: string, most = 3): string[] | undefined {
  const tokens = tokenizeName(text)
  if (!tokens || tokens.length % 2 === 0 || tokens.length > most * 2 - 1) return undefined
  const parts: string[] = []
  for (const [index, token] of tokens.entries()) {
    if (token.type !== (index % 2 === 0 ? 'name' : 'dot')) return undefined
    if (token.type === 'name') parts.push(token.name)
  }
  return parts
}
