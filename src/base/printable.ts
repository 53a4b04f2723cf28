/**
 * Text from outside, safe to print: control characters (escape sequences, line breaks, marks that turn the writing
 * direction) become `?`, and what is long is cut.
 */
export function printable(text: string, longest = 300): string {
  const clean = text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '?')
  return clean.length > longest ? `${clean.slice(0, longest)}…` : clean
}
