/** More of a statement says little to a person, and an audit line has a bound. */
const MAX_FINGERPRINT_CHARACTERS = 1000

/** Everything that may hold a literal, whole; to the end of the text where it does not end. */
const TOKENS = [
  /\s+|--[^\n\r]*/,
  /\/\*/,
  /\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$/,
  /[eE]'(?:[^'\\]|\\[\s\S]|'')*(?:'|$)/,
  /(?:[uU]&|[bBxXnN])?'(?:[^']|'')*(?:'|$)/,
  /(?:[uU]&)?"(?:[^"]|"")*(?:"|$)/,
  /[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*/,
  /\$\d+/,
  /\.?\d[\w.]*/,
  /[\s\S]/,
]
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
    } else if ((escaped ?? string ?? number) !== undefined) word = '?'
    else if (name !== undefined) word = name.toLowerCase()
    else word = quoted ?? parameter ?? token
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
  for (let at = start; at < sql.length; at++) {
    if (sql.startsWith('/*', at)) depth++
    else if (sql.startsWith('*/', at)) depth--
    else continue
    at++
    if (depth === 0) return at + 1
  }
  return sql.length
}
