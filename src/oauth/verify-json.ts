/**
 * The value of a JSON object's text, or undefined where the text is not exactly one object, or any object in it has a
 * name twice: parsers differ in which of two they take, and what we read must be what the issuer meant.
 */
export function parseUniqueObject(text: string): Record<string, unknown> | undefined {
  const value = parseObject(text)
  return value === undefined || hasRepeatedName(text) ? undefined : value
}

/** As parseUniqueObject, without looking for names that come twice. */
export function parseObject(text: string): Record<string, unknown> | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  return value as Record<string, unknown>
}

const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\]:,]/gs

/** Whether any object in a text of valid JSON has a name twice. A name is a string right before a colon. */
export function hasRepeatedName(text: string): boolean {
  const open: (Set<string> | undefined)[] = []
  let lastString: string | undefined
  for (const [token] of text.matchAll(TOKEN)) {
    if (token === '{') open.push(new Set())
    else if (token === '[') open.push(undefined)
    else if (token === '}' || token === ']') open.pop()
    else if (token === ':' && lastString !== undefined) {
      const names = open.at(-1)
      const name = lastString.includes('\\') ? (JSON.parse(lastString) as string) : lastString.slice(1, -1)
      if (names?.has(name)) return true
      names?.add(name)
    }
    lastString = token.startsWith('"') ? token : undefined
  }
  return false
}
