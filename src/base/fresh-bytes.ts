import { randomFillSync } from 'node:crypto'

/** Asking the system's generator costs about as much for 4 KB as for 4 bytes. */
const STOCK_BYTES = 4096

const stock = Buffer.alloc(STOCK_BYTES)
let used = STOCK_BYTES

/** A few bytes of the cryptographic generator, at most 4 KB, in memory of their own. No byte is given out or kept twice. */
export function freshBytes(count: number): Buffer {
  if (used + count > STOCK_BYTES) {
    randomFillSync(stock)
    used = 0
  }
  const bytes = Buffer.alloc(count)
  stock.copy(bytes, 0, used, used + count)
  stock.fill(0, used, used + count)
  used += count
  return bytes
}
