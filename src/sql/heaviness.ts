/** Above this a parse may take more than a millisecond or two of everybody's time. */
const MAX_LIGHT_CHARACTERS = 16_384
/** A text no longer than this cannot hold a chain of operators that exhausts the stack. */
const MAX_UNCOUNTED_CHARACTERS = 2_000
const MAX_NESTING = 100
const MAX_COMMENTS = 40
const MAX_LINKS = 500

/** Each makes the parse tree one level deeper when they are chained: `1+1+1`, `a UNION b UNION c`, `NOT NOT x`. */
const LINKS =
  /[-+*/<>=~!@#%^&|`?:[]+|\b(?:union|except|intersect|not|join|case|is|isnull|notnull|collate|at|operator)\b/gi

/** Each merges columns with all that were merged before it. */
const MERGES = /\b(?:natural|using)\b/gi
const MAX_MERGES = 60

/**
 * Whether a text is too long or nests too deeply to be parsed where others wait.
 *
 * Judged from characters alone, quoted or not, so it errs only toward heavy. PostgreSQL's lexer is quadratic in
 * nested comments, and its tree walkers recurse.
 */
export function isHeavy(sql: string): boolean {
  if (sql.length > MAX_LIGHT_CHARACTERS) return true
  if (nestingOf(sql) > MAX_NESTING || hasManyComments(sql)) return true
  if (sql.length <= MAX_UNCOUNTED_CHARACTERS) return false
  return hasMore(sql, LINKS, MAX_LINKS) || hasMore(sql, MERGES, MAX_MERGES)
}

function nestingOf(sql: string): number {
  let depth = 0
  let deepest = 0
  for (let at = 0; at < sql.length; at++) {
    const code = sql.charCodeAt(at)
    if (code === 0x28 || code === 0x5b) {
      depth++
      if (depth > deepest) deepest = depth
    } else if ((code === 0x29 || code === 0x5d) && depth > 0) depth--
  }
  return deepest
}

function hasManyComments(sql: string): boolean {
  let found = 0
  for (let at = sql.indexOf('/*'); at >= 0; at = sql.indexOf('/*', at + 2)) if (++found > MAX_COMMENTS) return true
  return false
}

function hasMore(sql: string, pattern: RegExp, most: number): boolean {
  let found = 0
  for (const _ of sql.matchAll(pattern)) if (++found > most) return true
  return false
}
