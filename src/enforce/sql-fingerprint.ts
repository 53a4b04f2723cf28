/** More of a statement says little to a person, and an audit line has a bound. */
const MAX_FINGERPRINT_CHARACTERS = 1000

/**
 * Everything that may hold a literal; of what is in quotes and of a comment the beginning, since a pattern that repeats a
 * choice keeps a note of each character on the stack, which megabytes of them exhaust.
 */
const TOKENS = [
  /\s+|--[^\n\r]*/,
  /\/\*/,
  /\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$/,
  /[eE]'/,
  /(?:[uU]&|[bBxXnN])?'/,
  /(?:[uU]&)?"/,
  /[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*/,
  /\$\d+/,
  /\.?\d[\w.]*/,
  /[\s\S]/,
]
const COMMENT_EDGE = /\/\*|\*\//g
const TOKEN = new RegExp(TOKENS.map(({ source }) => `(${source})`).join('|'), 'g')

/**
 * What is left of a text without its literals, its comments and superfluous space: the same for statements that differ
 * in values alone. For people and for counting, never for a verdict. Where a quote or a comment does not end,
 * everything from there on is `?`.
 */
export function fingerprintOf(sql: string): string {
  const words: string[] = []
  let length = 0
  TOKEN.lastIndex = 0
  for (let match = TOKEN.exec(sql); match !== null; match = TOKEN.exec(sql)) {
    const [token, space, comment, dollar, escaped, string, quoted, name, parameter, number] = match
    let word = token
    if (space !== undefined) continue
    if (comment !== undefined) {
      TOKEN.lastIndex = commentEnd(sql, match.index)
      continue
    }
    if (dollar !== undefined) {
      const end = sql.indexOf(dollar, TOKEN.lastIndex)
      TOKEN.lastIndex = end < 0 ? sql.length : end + dollar.length
      word = '?'
    } else if ((escaped ?? string) !== undefined) {
      TOKEN.lastIndex = quotesEnd(sql, TOKEN.lastIndex, 0x27, escaped !== undefined)
      word = '?'
    } else if (number !== undefined) word = '?'
    else if (name !== undefined) word = name.slice(0, MAX_FINGERPRINT_CHARACTERS + 1).toLowerCase()
    else if (quoted !== undefined) {
      const end = quotesEnd(sql, TOKEN.lastIndex, 0x22, false)
      TOKEN.lastIndex = end
      word = sql.slice(match.index, Math.min(end, match.index + MAX_FINGERPRINT_CHARACTERS + 1))
    } else word = parameter ?? token
    // A list of values is one, however long.
    if (word === '?' && words.at(-1) === ',' && words.at(-2) === '?') words.pop()
    else {
      words.push(word)
      length += word.length + 1
    }
    if (length > MAX_FINGERPRINT_CHARACTERS) return `${words.join(' ').slice(0, MAX_FINGERPRINT_CHARACTERS)}…`
  }
  return words.join(' ')
}

/** Behind a comment, which may hold others. */
function commentEnd(sql: string, start: number): number {
  let depth = 0
  COMMENT_EDGE.lastIndex = start
  for (let edge = COMMENT_EDGE.exec(sql); edge !== null; edge = COMMENT_EDGE.exec(sql)) {
    depth += edge[0] === '/*' ? 1 : -1
    if (depth === 0) return COMMENT_EDGE.lastIndex
  }
  return sql.length
}

/** Behind the closing quote of what is in quotes from there on; a doubled quote is one inside. */
function quotesEnd(sql: string, from: number, quote: number, isEscaped: boolean): number {
  for (let at = from; at < sql.length; at++) {
    const code = sql.charCodeAt(at)
    if (code === 0x5c && isEscaped) at++
    else if (code === quote) {
      if (sql.charCodeAt(at + 1) !== quote) return at + 1
      at++
    }
  }
  return sql.length
}
