import type { Socket } from 'node:net'

/** What is told of the column that a row has, as its bytes come: none is kept. */
export interface RowWatcher {
  /** Bytes of the first column of row `row`, `at` bytes into it. */
  onBytes(bytes: Buffer, row: number, at: number): void
}

export interface ReadRows {
  /** Bytes of the first column, of each row. */
  readonly rows: readonly number[]
  /** SQLSTATE of an ErrorResponse. */
  readonly error: string | undefined
}

/** Tag and length word; for a DataRow of one column also its count and the column's length. */
const HEADER_BYTES = 5
const ROW_HEADER_BYTES = HEADER_BYTES + 2 + 4
/** Of other messages more than this is no answer that a test here looks at. */
const MAX_OTHER_BYTES = 65_536

/** Reads rows of one column, however long, from a socket that nobody else reads: at any time it has one chunk. */
export class RowReader {
  readonly #socket: Socket

  constructor(socket: Socket) {
    this.#socket = socket
  }

  /** Reads up to `turns` ReadyForQuery. The socket is paused between two chunks wherever `pace` says so. */
  async read(
    watcher: RowWatcher,
    { turns = 1, pace }: { readonly turns?: number; readonly pace?: (bytes: number) => Promise<void> | undefined } = {},
  ): Promise<ReadRows> {
    const rows: number[] = []
    let error: string | undefined
    let rest: Buffer = Buffer.alloc(0)
    let left = 0
    let bytes = 0
    let turnsLeft = turns
    for await (const chunk of this.#socket.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      bytes += chunk.length
      let data = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk
      rest = Buffer.alloc(0)
      while (data.length > 0) {
        if (left > 0) {
          const row = rows.length - 1
          const part = data.subarray(0, left)
          watcher.onBytes(part, row, (rows[row] as number) - left)
          left -= part.length
          data = data.subarray(part.length)
          continue
        }
        const isRow = data[0] === 0x44
        const end = data.length < HEADER_BYTES ? Number.POSITIVE_INFINITY : data.readInt32BE(1) + 1
        if (isRow ? data.length < ROW_HEADER_BYTES : data.length < end) {
          if (!isRow && end !== Number.POSITIVE_INFINITY && end > MAX_OTHER_BYTES) throw new Error('lost the thread')
          rest = Buffer.from(data)
          break
        }
        if (isRow) {
          left = data.readInt32BE(7)
          if (data.readInt16BE(5) !== 1 || end !== ROW_HEADER_BYTES + left) throw new Error('no row of one column')
          rows.push(left)
          data = data.subarray(ROW_HEADER_BYTES)
          continue
        }
        const tag = String.fromCharCode(data[0] as number)
        if (tag === 'E') error = /C([0-9A-Z]{5})\0/.exec(data.toString('latin1', HEADER_BYTES, end))?.[1]
        if (tag === 'Z') turnsLeft--
        data = data.subarray(end)
      }
      if (turnsLeft === 0) return { rows, error }
      await pace?.(bytes)
    }
    return { rows, error: error ?? 'closed' }
  }
}
