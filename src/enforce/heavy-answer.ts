import type { Access } from '../base/access.ts'
import type { StatementAnalysis } from '../sql/analysis.ts'
import type { GoodAnalysis } from './analysis-cache.ts'

/** A statement without its place, and with the place of its accesses in the table of lists. */
type Shape = Omit<StatementAnalysis, 'start' | 'end' | 'accesses'> & { readonly list: number }

/**
 * A part of what was found of the statements of one text, small enough to be taken over in one turn of the event loop.
 * Each table goes on where that of the piece before ended; what many statements have in common stands there once.
 */
export interface AnswerPiece {
  readonly accesses: readonly Access[]
  /** Lists of accesses, each by places in their table. */
  readonly lists: readonly (readonly number[])[]
  readonly shapes: readonly Shape[]
  /**
   * Three numbers each: the place of its shape, its start and its end; or where its place in the text is of no use, how
   * many of that shape stand side by side, and -1.
   */
  readonly statements: readonly number[]
}

/** So many things of any kind in a piece: some milliseconds for whoever takes it over. */
const PIECE_THINGS = 1000
/** A name of a column counts for less. */
const NAMES_PER_THING = 20
/** And so does another of what stands there already. */
const REPEATS_PER_THING = 20

/** Takes the statements of an analysis apart, in order. */
export function* piecesOf({ statements }: GoodAnalysis): Generator<AnswerPiece> {
  const tables = {
    accesses: new Map<string, number>(),
    lists: new Map<string, number>(),
    shapes: new Map<string, number>(),
  }
  let piece = emptyPiece()
  let things = 0
  const placeIn = <T>(table: Map<string, number>, key: string, into: T[], value: T): number => {
    const known = table.get(key)
    if (known !== undefined) return known
    const place = table.size
    table.set(key, place)
    into.push(value)
    things++
    return place
  }
  function* cut() {
    yield piece
    piece = emptyPiece()
    things = 0
  }
  for (const { start, end, accesses, ...rest } of statements) {
    const list: number[] = []
    for (const access of accesses) {
      list.push(placeIn(tables.accesses, JSON.stringify(access), piece.accesses, access))
      for (const { columns } of access.targets) {
        if (columns !== undefined && columns !== 'all') things += columns.length / NAMES_PER_THING
      }
      if (things >= PIECE_THINGS) yield* cut()
    }
    const shape = { ...rest, list: placeIn(tables.lists, list.join(), piece.lists, list) }
    const place = placeIn(tables.shapes, JSON.stringify(shape), piece.shapes, shape)
    const { statements: told } = piece
    if (hasPlace(rest)) {
      told.push(place, start, end)
      things += 0.5
    } else if (told.at(-1) === -1 && told.at(-3) === place) {
      told[told.length - 2] = (told.at(-2) ?? 0) + 1
      things += 1 / REPEATS_PER_THING
    } else {
      told.push(place, 1, -1)
      things += 0.1
    }
    if (things >= PIECE_THINGS) yield* cut()
  }
  yield piece
}

/** Of these the text of their own is kept. */
function hasPlace({ effects }: Pick<StatementAnalysis, 'effects'>): boolean {
  return effects.prepare !== undefined || effects.declare !== undefined
}

function emptyPiece() {
  return { accesses: [] as Access[], lists: [] as number[][], shapes: [] as Shape[], statements: [] as number[] }
}

/**
 * Puts the pieces of one analysis together again. What statements had in common is the same object in each, and those
 * that are alike are one.
 */
export class Gathered {
  readonly statements: StatementAnalysis[] = []
  readonly #accesses: Access[] = []
  readonly #lists: (readonly Access[])[] = []
  readonly #shapes: StatementAnalysis[] = []

  add({ accesses, lists, shapes, statements }: AnswerPiece): void {
    for (const access of accesses) this.#accesses.push(access)
    for (const list of lists) this.#lists.push(list.map((place) => at(this.#accesses, place)))
    for (const { list, ...rest } of shapes) {
      this.#shapes.push({ ...rest, accesses: at(this.#lists, list), start: 0, end: 0 })
    }
    for (let next = 0; next < statements.length; next += 3) {
      const shape = at(this.#shapes, at(statements, next))
      const start = at(statements, next + 1)
      const end = at(statements, next + 2)
      if (end >= 0) this.statements.push({ ...shape, start, end })
      else for (let count = start; count > 0; count--) this.statements.push(shape)
    }
  }
}

/** Fails closed: a place that is not there is no statement that needs nothing. */
function at<T>(table: readonly T[], place: number): T {
  const found = table[place]
  if (found === undefined) throw new RangeError(`no ${place} among ${table.length}`)
  return found
}
