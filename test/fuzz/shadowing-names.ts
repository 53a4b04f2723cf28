import { Random } from '../support/random.ts'

const NAMES = ['id', 'name', 'ssn', 'v', 'x', 'y', 'title', 'chip', 'c', 'salary']
const MADE_UP = ['"?column?"', 'upper', '"coalesce"', '"case"', 'text', 'int4', 'column1', 'key', 'value', 'ordinality']
const TABLES: Readonly<Record<string, readonly string[]>> = {
  'app.employees': ['id', 'name', 'boss', 'dept', 'salary', 'ssn', 'mail', 'mood', 'home', 'hired'],
  'priv.secrets': ['k', 'v', 'n'],
  'app.dogs': ['id', 'name', 'chip'],
  'app.kv': ['key', 'value', 'version'],
  'app.gen': ['a', 'b', 'c'],
}

interface Item {
  readonly alias: string
  readonly columns: readonly string[]
}

/**
 * Statements of the clinic in which every name means something: all stand within a query over app.employees whose
 * columns have, in some order, all names there are. Whoever finds a name further in than PostgreSQL does, misses the
 * read of an outer column, some of which are withheld.
 */
export class ShadowingNames {
  readonly #random: Random
  #count = 0

  constructor(seed: number) {
    this.#random = new Random(seed)
  }

  next(): string {
    this.#count = 0
    const [names, others] = [this.#shuffled(NAMES), this.#shuffled(MADE_UP)]
    const outer = [
      { alias: 'o1', columns: names },
      { alias: 'o2', columns: others },
    ]
    const { sql } = this.#query(outer, 1 + this.#random.below(3), true)
    const order = this.#chance(0.3) ? ` order by ${this.#name()}` : ''
    return `select (${sql}) from app.employees o1(${names}), app.employees o2(${others})${order}`
  }

  #chance(part: number): boolean {
    return this.#random.next() < part
  }

  #name(): string {
    return this.#random.pick(this.#chance(0.7) ? NAMES : MADE_UP)
  }

  #shuffled(names: readonly string[]): readonly string[] {
    return names
      .map((name) => ({ name, at: this.#random.next() }))
      .sort((a, b) => a.at - b.at)
      .map(({ name }) => name)
  }

  #reference(scope: readonly Item[]): string {
    const { alias, columns } = this.#random.pick(scope)
    const name = columns.length > 0 && this.#chance(0.4) ? this.#random.pick(columns) : this.#name()
    return `${this.#chance(0.4) ? `${alias}.` : ''}${name}${this.#chance(0.3) ? '::text' : ''}`
  }

  #expression(scope: readonly Item[], depth: number): string {
    const text = () => `${this.#expression(scope, depth - 1)}::text`
    if (depth <= 0 || this.#chance(0.5)) return this.#reference(scope)
    return this.#random.pick([
      () => `(${this.#query(scope, depth - 1, true).sql})`,
      () => `coalesce(${text()}, 'z')`,
      () => `upper(${text()})`,
      () => `case when ${text()} = 'a' then 'b' else ${text()} end`,
      () => `(values (${text()}))`,
      () => `(select z.* from (select ${text()}${this.#chance(0.5) ? ` as ${this.#name()}` : ''}) z)`,
      () => `(${text()} collate "C")`,
      () => '1::int4',
    ])()
  }

  /** Perhaps a list of names after the alias, and the columns as they are called under it. */
  #item(sql: string, columns: readonly string[]): Item & { sql: string } {
    const alias = `${this.#random.pick(['e', 'ssn', 'name', 'c', 'q'])}${this.#chance(0.75) ? ++this.#count : ''}`
    if (columns.length === 0 || this.#chance(0.5)) return { alias, columns, sql: `${sql} ${alias}` }
    const names = columns.slice(0, 1 + this.#random.below(columns.length)).map(() => this.#name())
    return { alias, columns: [...names, ...columns.slice(names.length)], sql: `${sql} ${alias}(${names})` }
  }

  #from(scope: readonly Item[], depth: number): Item & { sql: string } {
    const [one, two, three] = [this.#name(), this.#name(), this.#name()]
    const table = this.#random.pick(Object.keys(TABLES))
    if (depth <= 0 || this.#chance(0.3)) return this.#item(table, TABLES[table] ?? [])
    return this.#random.pick([
      () => {
        const { sql, columns } = this.#query(scope, depth - 1, false)
        return this.#item(`lateral (${sql})`, columns)
      },
      () => this.#item("(values ('x', 'y'))", ['column1', 'column2']),
      () =>
        this.#item(
          `json_table('[1]'::jsonb, '$' columns (nested '$' columns (${one} text path '$'), ${two} text path '$'))`,
          [two, one],
        ),
      () =>
        this.#item(
          `json_table('[1]'::jsonb, '$' columns (${one} text path '$', nested '$' columns (nested '$' columns (${two} for ordinality), ${three} text path '$')))`,
          [one, three, two],
        ),
      () => this.#item(`xmltable('/a' passing '<a/>' columns ${one} text path '.', ${two} for ordinality)`, [one, two]),
      () => ({
        ...this.#item("jsonb_to_record('{}') as", []),
        sql: `jsonb_to_record('{}') as r(${one} text)`,
        alias: 'r',
      }),
      () => this.#item('jsonb_each(\'{"a": 1}\')', ['key', 'value']),
      () => this.#item("unnest(array['a'], array['b']) with ordinality", ['unnest', 'unnest']),
      () => {
        const [left, right] = [this.#from(scope, depth - 1), this.#from(scope, depth - 1)]
        const merged = left.columns.find((name) => right.columns.includes(name))
        const both = [...left.columns, ...right.columns].filter((name) => name !== merged)
        if (merged === undefined) return this.#item(`(${left.sql} cross join ${right.sql})`, both)
        return this.#item(`(${left.sql} join ${right.sql} using (${merged}))`, [merged, ...both])
      },
    ])()
  }

  #query(outer: readonly Item[], depth: number, isSingle: boolean): { sql: string; columns: readonly string[] } {
    const items = [this.#from(outer, depth)]
    if (this.#chance(0.3)) items.push(this.#from([...outer, ...items], depth - 1))
    const scope = [...items, ...items, ...outer]
    const columns: string[] = []
    const targets = Array.from({ length: isSingle ? 1 : 1 + this.#random.below(3) }, () => {
      const value = this.#expression(scope, depth)
      columns.push(this.#name())
      return this.#chance(0.5) ? `${value} as ${columns.at(-1)}` : value
    })
    const clauses = [
      this.#chance(0.2) ? ` where ${this.#expression(scope, depth - 1)}::text is null` : '',
      this.#chance(0.1) ? ` group by ${this.#name()}` : this.#chance(0.2) ? ` order by ${this.#name()}` : '',
      isSingle ? ' limit 1' : '',
    ]
    return { sql: `select ${targets} from ${items.map(({ sql }) => sql)}${clauses.join('')}`, columns }
  }
}
