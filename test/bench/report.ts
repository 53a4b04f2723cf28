/** The middle of what was measured; of an even number the lower middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN
}

/** A table in Markdown, columns padded so that it reads as well in a terminal. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const width = head.map((title, at) => Math.max(title.length, ...rows.map((row) => (row[at] ?? '').length)))
  const line = (cells: readonly string[]) => `| ${cells.map((cell, at) => cell.padEnd(width[at] ?? 0)).join(' | ')} |`
  return [line(head), `| ${width.map((size) => '-'.repeat(size)).join(' | ')} |`, ...rows.map(line)].join('\n')
}

/** Three figures, without a power of ten. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return '–'
  if (value >= 100) return String(Math.round(value))
  return value.toPrecision(3)
}
