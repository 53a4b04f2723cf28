/** What stands in a template for a literal; texts that hold these characters themselves are not folded. */
export const INTEGER = '\u0001'
export const DECIMAL = '\u0002'
export const STRING = '\u0003'

/** An integer of more digits may be too large for the grammar's ICONST and is then read as another kind of token. */
const MAX_INTEGER_DIGITS = 9

/**
 * The text with its literals folded away, or undefined where one pass cannot be sure of them: escape strings, dollar
 * quotes, U&, bit strings, comments, backslashes, numbers that are not plain.
 *
 * Two texts with the same template have the same tokens but for the values of literals. So an analysis of one holds
 * for the other, unless it looked at a literal. Everything else stands in the template as it is: white space too, since
 * a newline between two strings makes them one.
 *
 * @see https://www.postgresql.org/docs/18/sql-syntax-lexical.html
 */
export function foldLiterals(sql: string): string | undefined {
  let template = ''
  /** Where the text that is not yet in the template begins. */
  let from = 0
  let at = 0
  const length = sql.length
  while (at < length) {
    const code = sql.charCodeAt(at)
    if (isIdentifierStart(code)) {
      at = identifierEnd(sql, at + 1)
      // E'…', B'…', X'…', N'…': the letter changes what the quotes mean.
      if (sql.charCodeAt(at) === 0x27) return undefined
      continue
    }
    if (isDigit(code)) {
      const integerEnd = digitsEnd(sql, at)
      let end = integerEnd
      if (sql.charCodeAt(end) === 0x2e && isDigit(sql.charCodeAt(end + 1))) end = digitsEnd(sql, end + 1)
      const next = sql.charCodeAt(end)
      if (isIdentifierPart(next) || sql.charCodeAt(at - 1) === 0x2e) return undefined
      if (end === integerEnd && end - at > MAX_INTEGER_DIGITS) return undefined
      template += sql.slice(from, at) + (end === integerEnd ? INTEGER : DECIMAL)
      from = at = end
      continue
    }
    switch (code) {
      case 0x27: {
        const end = stringEnd(sql, at)
        if (end < 0) return undefined
        template += sql.slice(from, at) + STRING
        from = at = end
        continue
      }
      case 0x22: {
        const end = sql.indexOf('"', at + 1)
        if (end < 0) return undefined
        for (let inside = at + 1; inside < end; inside++) if (!isPlain(sql.charCodeAt(inside))) return undefined
        at = end + 1
        continue
      }
      case 0x24: {
        // A parameter, or the beginning of a dollar quote.
        if (!isDigit(sql.charCodeAt(at + 1))) return undefined
        at = digitsEnd(sql, at + 1)
        if (isIdentifierPart(sql.charCodeAt(at))) return undefined
        continue
      }
      case 0x2d:
        if (sql.charCodeAt(at + 1) === 0x2d) return undefined
        break
      case 0x2f:
        if (sql.charCodeAt(at + 1) === 0x2a) return undefined
        break
      case 0x26: {
        const next = sql.charCodeAt(at + 1)
        if (next === 0x27 || next === 0x22) return undefined
        break
      }
      default:
        if (!isPlain(code)) return undefined
    }
    at++
  }
  return from === 0 ? sql : template + sql.slice(from)
}

/** Behind the closing quote; -1 where there is none, or a backslash before it. */
function stringEnd(sql: string, start: number): number {
  for (let at = start + 1; at < sql.length; at++) {
    const code = sql.charCodeAt(at)
    if (code === 0x5c) return -1
    if (code !== 0x27) continue
    if (sql.charCodeAt(at + 1) !== 0x27) return at + 1
    at++
  }
  return -1
}

function identifierEnd(sql: string, from: number): number {
  let at = from
  while (isIdentifierPart(sql.charCodeAt(at))) at++
  return at
}

function digitsEnd(sql: string, from: number): number {
  let at = from
  while (isDigit(sql.charCodeAt(at))) at++
  return at
}

const DIGIT = 1
const LETTER = 2
const PART = 4
const PLAIN = 8
/** What an ASCII character is, as scan.l has it; one load where comparisons would be five. */
const CLASSES = new Uint8Array(128)
for (let code = 0; code < 128; code++) {
  const isDigitCode = code >= 0x30 && code <= 0x39
  const isLetter = (code >= 0x61 && code <= 0x7a) || (code >= 0x41 && code <= 0x5a) || code === 0x5f
  // No control character but the white space that every version of the lexer knows, and no backslash.
  const isPlainCode = code >= 0x20 ? code !== 0x5c && code !== 0x7f : [0x09, 0x0a, 0x0c, 0x0d].includes(code)
  CLASSES[code] =
    (isDigitCode ? DIGIT : 0) |
    (isLetter ? LETTER : 0) |
    (isLetter || isDigitCode || code === 0x24 ? PART : 0) |
    (isPlainCode ? PLAIN : 0)
}

/** NaN, the code behind the text's end, is nothing. */
function is(classes: number, code: number): boolean {
  return code < 128 && ((CLASSES[code] as number) & classes) !== 0
}

function isDigit(code: number): boolean {
  return is(DIGIT, code)
}

/** Letters, underscore and every byte of a character beyond ASCII. */
function isIdentifierStart(code: number): boolean {
  return code >= 128 || is(LETTER, code)
}

function isIdentifierPart(code: number): boolean {
  return code >= 128 || is(PART, code)
}

function isPlain(code: number): boolean {
  return code >= 128 || is(PLAIN, code)
}
