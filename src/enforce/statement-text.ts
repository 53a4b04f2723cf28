import { isAscii } from 'node:buffer'

/** The text of more bytes is read over several turns of the event loop. */
export const MAX_QUICK_BYTES = 512 * 1024
/** So much of it at a time. */
const PIECE_BYTES = 1024 * 1024

/** The text of bytes that are UTF-8. */
export function quickText(bytes: Buffer): string {
  return bytes.toString(isAscii(bytes) ? 'latin1' : 'utf8')
}

/** As `quickText`, with others' turns between the pieces. The bytes must stay as they are meanwhile. */
export async function largeText(bytes: Buffer): Promise<string> {
  await anotherTurn()
  const pieces: string[] = []
  for (let start = 0; start < bytes.length; ) {
    const end = characterEnd(bytes, start + PIECE_BYTES)
    pieces.push(quickText(bytes.subarray(start, end)))
    start = end
    await anotherTurn()
  }
  const text = pieces.join('')
  await anotherTurn()
  return text
}

/** The nearest place before or at `end` that is not in the middle of a character. */
function characterEnd(bytes: Buffer, end: number): number {
  if (end >= bytes.length) return bytes.length
  let at = end
  while (((bytes[at] as number) & 0xc0) === 0x80) at--
  return at
}

/** Lets others have their turn. */
export function anotherTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
