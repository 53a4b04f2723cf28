import { isAscii } from 'node:buffer'
import { bursts } from './burst-turns.ts'

/** The text of a statement; of a large one its bytes, since making a string of them would keep others waiting. */
export type StatementText = string | Buffer

/** The text of more bytes is large. */
export const MAX_QUICK_BYTES = 512 * 1024
/** So much of it is copied at a time. */
const PIECE_BYTES = 1024 * 1024

/** The text of bytes that are UTF-8. */
export function quickText(bytes: Buffer): string {
  return bytes.toString(isAscii(bytes) ? 'latin1' : 'utf8')
}

/** A copy in memory of its own, made with others' turns between its pieces. The bytes must stay as they are meanwhile. */
export async function largeCopy(bytes: Buffer): Promise<Uint8Array<ArrayBuffer>> {
  const copy = new Uint8Array(new ArrayBuffer(bytes.length))
  for (let start = 0; start < bytes.length; start += PIECE_BYTES) {
    await anotherTurn()
    copy.set(bytes.subarray(start, start + PIECE_BYTES), start)
  }
  return copy
}

/** Lets others have their turn. */
export function anotherTurn(): Promise<void> {
  return new Promise((resolve) => bursts.wait(resolve, STEP_MS))
}

/** What is done behind a promise is not seen by who shares the turns out: it counts as much. */
const STEP_MS = 2
