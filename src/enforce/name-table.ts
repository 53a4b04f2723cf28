/** A name that was given to something by a message whose answer is still to come. */
export interface Pending<Value> {
  readonly key: NameKey
  readonly value: Value
  readonly segment: number
}

/** A statement's or portal's name as the server keeps it: its first 63 bytes, one character a byte. */
export type NameKey = string

/** Of the unnamed statement, which DEALLOCATE and DISCARD leave, and the unnamed portal. */
export const UNNAMED: NameKey = ''

/** NAMEDATALEN - 1: the server's hash tables of statements and portals cut names there, by bytes (dynahash.c). */
const MAX_NAME_BYTES = 63

/** The key of a name that stands in a message. */
export function nameKey(bytes: Buffer): NameKey {
  return bytes.toString('latin1', 0, Math.min(bytes.length, MAX_NAME_BYTES))
}

/** The key of a name that stands in SQL. */
export function sqlNameKey(name: string): NameKey {
  return nameKey(Buffer.from(name, 'utf8'))
}

/**
 * What the names of one kind (prepared statements, portals) may stand for on the server at this point of the
 * client's stream, though answers lag behind: whatever a name can possibly mean is among its candidates.
 *
 * A *segment* is what ends at a Sync, a Query or a FunctionCall. Within one, a message that failed would take those
 * behind it along, so a name given in the running segment means just that; from earlier segments, unanswered ones and
 * the last that is sure all count.
 */
export class NameTable<Value> {
  readonly #sure = new Map<NameKey, Value>()
  readonly #pending = new Map<NameKey, Queue<Pending<Value>>>()
  /** Another number means that a name may mean something else. */
  version = 0

  candidates(key: NameKey, segment: number): readonly Value[] {
    const sure = this.#sure.get(key)
    const pending = this.#pending.get(key)
    if (pending === undefined) return sure === undefined ? [] : [sure]
    const last = pending.last
    if (last?.segment === segment) return [last.value]
    const found = pending.toReversed().map(({ value }) => value)
    if (sure !== undefined) found.push(sure)
    return found
  }

  /** Whether the name was given in this segment: then it means that, or what names it is skipped. */
  isNew(key: NameKey, segment: number): boolean {
    return this.#pending.get(key)?.last?.segment === segment
  }

  /** Whether all is answered that gave the name. */
  isSure(key: NameKey): boolean {
    return !this.#pending.has(key)
  }

  /** A message that gives the name goes to the server. */
  expect(key: NameKey, value: Value, segment: number): Pending<Value> {
    this.version++
    const pending = { key, value, segment }
    const others = this.#pending.get(key)
    if (others === undefined) this.#pending.set(key, new Queue(pending))
    else others.push(pending)
    return pending
  }

  /** The name means this from here on, for sure. */
  set(key: NameKey, value: Value): void {
    if (this.#sure.get(key) === value) return
    this.version++
    this.#sure.set(key, value)
  }

  /** The server did what was expected. */
  confirm(pending: Pending<Value>): void {
    this.version++
    this.abandon(pending)
    this.#sure.set(pending.key, pending.value)
  }

  /** It did not, or will not. */
  abandon(pending: Pending<Value>): void {
    this.version++
    const { key } = pending
    const others = this.#pending.get(key)
    others?.remove(pending)
    if (others?.isEmpty) this.#pending.delete(key)
  }

  /** The server dropped the name; one that is pending was given after it. */
  remove(key: NameKey): void {
    this.version++
    this.#sure.delete(key)
  }

  /** The server dropped every name but those to keep. */
  clear(keeps: (value: Value, key: NameKey) => boolean = () => false): void {
    this.version++
    for (const [key, value] of this.#sure) {
      if (!keeps(value, key)) this.#sure.delete(key)
    }
  }
}

/** In order; what is removed is mostly the first, and however many there are, that is quick. */
class Queue<Item> {
  readonly #items: Item[]
  #first = 0

  constructor(item: Item) {
    this.#items = [item]
  }

  get isEmpty(): boolean {
    return this.#first === this.#items.length
  }

  get last(): Item | undefined {
    return this.isEmpty ? undefined : this.#items.at(-1)
  }

  push(item: Item): void {
    this.#items.push(item)
  }

  remove(item: Item): void {
    const at = this.#items[this.#first] === item ? this.#first : this.#items.indexOf(item, this.#first)
    if (at < 0) return
    if (at > this.#first) {
      this.#items.splice(at, 1)
      return
    }
    this.#first++
    if (this.#first < 1024) return
    this.#items.splice(0, this.#first)
    this.#first = 0
  }

  toReversed(): Item[] {
    return this.#items.slice(this.#first).reverse()
  }
}
