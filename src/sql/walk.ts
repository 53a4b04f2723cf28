import type { Access, Refusal } from '../base/access.ts'
import type { SessionEffects, SessionRelation } from './analysis.ts'
import type { Catalog } from './catalog.ts'
import { withTemporary } from './catalog-index.ts'
import { Collector } from './collector.ts'
import { type HeldTexts, NOTHING_HELD } from './held-texts.ts'
import type { Tree } from './parser.ts'

/** What the whole text's analysis found out beside the accesses. */
export interface TextFlags {
  exact: boolean
  leansOnCatalog: boolean
  unknownNames: boolean
}

/** How deep SQL inside SQL (invoker views, `query_to_xml('…')`) is followed. */
const MAX_INNER = 16

/** The state of one text's analysis: what is known, what is still to be visited, and where accesses go. */
export class Walk {
  readonly flags: TextFlags
  readonly inner: number
  /** What the condition of the query whose target list is visited says of its columns. */
  heldTexts: HeldTexts = NOTHING_HELD
  /** PREPARE gives a parameter a type outside pg_catalog. */
  hasCustomParameters = false
  /** A parameter was among what mayBeCustomType looked at, and may be of any type where Parse says so. */
  metParameter = false
  readonly #base: Catalog
  #own: readonly SessionRelation[] = []
  #catalog: Catalog
  #collector: Collector
  /** Nodes that can carry an access and that no part of the analysis has looked at yet. */
  readonly #pending: Set<Tree>
  /** Calls of set_config that no part of the analysis has judged yet. */
  readonly #settingCalls = new Set<Tree>()
  #isQuiet = false

  constructor(catalog: Catalog, options: { flags?: TextFlags; inner?: number; collector?: Collector } = {}) {
    this.#base = catalog
    this.#catalog = catalog
    this.flags = options.flags ?? { exact: false, leansOnCatalog: false, unknownNames: false }
    this.inner = options.inner ?? 0
    this.#collector = options.collector ?? new Collector()
    this.#pending = new Set()
  }

  get catalog(): Catalog {
    return this.#catalog
  }

  get collector(): Collector {
    return this.#collector
  }

  /** Starts the next statement of the text. */
  nextStatement(): void {
    this.#collector = new Collector()
    this.#pending.clear()
    this.#settingCalls.clear()
  }

  /** Runs a part of the analysis with a collector of its own, for a statement inside a statement. */
  isolate(action: () => void): Collector {
    const outer = this.#collector
    const inner = new Collector()
    this.#collector = inner
    action()
    this.#collector = outer
    return inner
  }

  /** A walk over SQL that stands inside this text's SQL; it adds to the same statement. */
  within(): Walk {
    if (this.inner >= MAX_INNER) throw new RangeError('SQL inside SQL nests too deeply')
    return new Walk(this.#catalog, { flags: this.flags, inner: this.inner + 1, collector: this.#collector })
  }

  /** What this text has made and changed so far counts in its later statements. */
  addOwn({ makesTemporary = [], changes = [] }: SessionEffects): void {
    if (makesTemporary.length + changes.length === 0) return
    this.#own = [...this.#own, ...makesTemporary, ...changes]
    this.#catalog = withTemporary(this.#base, this.#own)
  }

  expect(node: Tree): void {
    this.#pending.add(node)
  }

  touch(node: Tree): void {
    this.#pending.delete(node)
  }

  /** For a statement that only `all` allows: what is in it makes no difference. */
  touchEverything(): void {
    this.#pending.clear()
  }

  /** Whether every node that can carry an access was looked at. */
  get isComplete(): boolean {
    return this.#pending.size === 0
  }

  /** Inside, casts of names to OIDs do not count: the caller judges the object they name. */
  quietly(action: () => void): void {
    const before = this.#isQuiet
    this.#isQuiet = true
    action()
    this.#isQuiet = before
  }

  get isQuiet(): boolean {
    return this.#isQuiet
  }

  need(access: Access): void {
    this.#collector.need(access)
  }

  refuse(reason: Refusal['reason'], object: string): void {
    this.#collector.refuse(reason, object)
  }

  /** A call of set_config, wherever it stands, also where nothing else is looked at. */
  expectSetting(call: Tree): void {
    this.#settingCalls.add(call)
  }

  touchSetting(call: Tree): void {
    this.#settingCalls.delete(call)
  }

  /** The statement calls set_config somewhere that was not looked at yet. */
  get setsByCall(): boolean {
    return this.#settingCalls.size > 0
  }

  /** The calls of set_config in parts that were not looked at. */
  get settingCalls(): Iterable<Tree> {
    return this.#settingCalls
  }

  isSystemSchema(schema: string): boolean {
    return schema === 'pg_catalog' || schema === 'information_schema' || schema === 'pg_toast' || schema === 'pg_temp'
  }
}
