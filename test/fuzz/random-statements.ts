/** A source of statements over the tables of the fuzz database; the same seed, the same statements. */
export interface StatementSource {
  next(): string
}

interface Visible {
  readonly name: string
  readonly columns: readonly string[]
}

interface Part {
  readonly sql: string
  readonly visible: readonly Visible[]
}

const TABLES: Readonly<Record<string, readonly string[]>> = {
  a: ['id', 'x', 'y', 'z'],
  b: ['id', 'x', 'w'],
  c: ['id', 'y', 'w', 'k'],
  v: ['id', 'k', 'z'],
  iv: ['id', 'y'],
}
const NAMES = ['id', 'x', 'y', 'z', 'w', 'k', 'q']

/**
 * Statements whose names collide on purpose: aliases called as columns, columns renamed, levels that hide each other,
 * LATERAL, WITH in all forms, joins that merge. Most have an error in them; those that have none are worth judging.
 */
export function randomStatements(seed: number): StatementSource {
  let state = seed >>> 0
  /** mulberry32: short, and without the cycles of a linear congruence. */
  const random = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
  const chance = (part: number) => random() < part
  const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)] as T
  let counter = 0
  let withNames: readonly Visible[] = []
  const alias = () => (chance(0.25) ? pick(['x', 'y', 'a', 'b', 'w', 'q']) : `t${counter++}`)

  /** Perhaps an alias list; with the columns as they are called under it. */
  const renamed = (columns: readonly string[], often: number): { list: string; columns: readonly string[] } => {
    if (columns.length === 0 || !chance(often)) return { list: '', columns }
    const names = Array.from({ length: 1 + Math.floor(random() * columns.length) }, () => pick(NAMES))
    return { list: `(${names.join(', ')})`, columns: columns.map((column, at) => names[at] ?? column) }
  }

  const expression = (depth: number, visible: readonly Visible[]): string => {
    const one = visible.length > 0 ? pick(visible) : undefined
    const column = one && one.columns.length > 0 ? pick(one.columns) : undefined
    const roll = random()
    if (one && column !== undefined) {
      if (roll < 0.35) return `${column}::text`
      if (roll < 0.6) return `${one.name}.${column}::text`
      if (roll < 0.63) return `(${one.name}).${column}::text`
      if (roll < 0.65) return `${column}(${one.name})::text`
      if (roll < 0.69) return `${one.name}::text`
      if (roll < 0.7) return `${one.name}.${pick(['ctid', 'tableoid', 'xmin'])}::text`
    }
    if (roll < 0.77) return `${pick(NAMES)}::text`
    if (depth > 0 && roll < 0.86) {
      return `(select ${expression(depth - 1, visible)} from (${query(depth - 1, visible).sql}) s${counter++} limit 1)`
    }
    if (depth > 0 && roll < 0.91) return `exists (${query(depth - 1, visible).sql})::text`
    if (depth > 0 && roll < 0.95)
      return `coalesce(${expression(depth - 1, visible)}, ${expression(depth - 1, visible)})`
    return "'1'"
  }

  const condition = (depth: number, visible: readonly Visible[]): string =>
    chance(0.2) ? 'true' : `${expression(depth, visible)} = ${expression(depth, visible)}`

  const table = (): Part => {
    const name = pick(Object.keys(TABLES))
    const own = TABLES[name] ?? []
    if (!chance(0.7)) return { sql: `fz.${name}`, visible: [{ name, columns: own }] }
    const as = alias()
    const { list, columns } = renamed(own, 0.3)
    return { sql: `fz.${name} as ${as}${list}`, visible: [{ name: as, columns }] }
  }

  const call = (depth: number, visible: readonly Visible[]): Part => {
    const as = alias()
    if (chance(0.4)) return { sql: `generate_series(1, 2) as ${as}`, visible: [{ name: as, columns: [as] }] }
    const given = expression(depth - 1, visible)
    const columns = ['x', 'q']
    if (chance(0.5)) return { sql: `fz.tf(length(${given})) as ${as}`, visible: [{ name: as, columns }] }
    const list = chance(0.3) ? `(${pick(NAMES)})` : ''
    return {
      sql: `unnest(array[${given}]) ${chance(0.3) ? 'with ordinality ' : ''}as ${as}${list}`,
      visible: [{ name: as, columns }],
    }
  }

  const join = (depth: number, outer: readonly Visible[], left: readonly Visible[]): Part => {
    const one = item(depth - 1, outer, left)
    const other = item(depth - 1, outer, [...left, ...one.visible])
    const visible = [...one.visible, ...other.visible]
    const shared = one.visible
      .flatMap((side) => side.columns)
      .filter((name) => other.visible.some((side) => side.columns.includes(name)))
    const kind = pick(['join', 'left join', 'right join', 'full join'])
    const roll = random()
    const sql =
      roll < 0.3 && shared.length > 0
        ? `${one.sql} ${kind} ${other.sql} using (${pick(shared)})${chance(0.3) ? ` as ${alias()}` : ''}`
        : roll < 0.45
          ? `${one.sql} natural ${kind} ${other.sql}`
          : `${one.sql} ${chance(0.5) ? 'join' : 'left join'} ${other.sql} on ${condition(depth - 1, [...outer, ...visible])}`
    if (!chance(0.3)) return { sql, visible }
    const as = alias()
    const { list, columns } = renamed(
      visible.flatMap((side) => side.columns),
      0.5,
    )
    return { sql: `(${sql}) as ${as}${list}`, visible: [{ name: as, columns }] }
  }

  const item = (depth: number, outer: readonly Visible[], left: readonly Visible[]): Part => {
    const roll = random()
    if (roll < 0.45 || depth <= 0) return table()
    if (roll < 0.62) {
      const isLateral = chance(0.5)
      const inner = query(depth - 1, isLateral ? [...outer, ...left] : outer)
      const as = alias()
      const { list, columns } = renamed(inner.columns, 0.3)
      return { sql: `${isLateral ? 'lateral ' : ''}(${inner.sql}) as ${as}${list}`, visible: [{ name: as, columns }] }
    }
    if (roll < 0.72) return call(depth, [...outer, ...left])
    if (roll < 0.78) {
      const as = alias()
      const name = pick(NAMES)
      return {
        sql: `(values (${expression(depth - 1, outer)})) as ${as}(${name})`,
        visible: [{ name: as, columns: [name] }],
      }
    }
    if (roll < 0.83 && withNames.length > 0) {
      const common = pick(withNames)
      const as = chance(0.5) ? alias() : undefined
      const visible = [{ name: as ?? common.name, columns: common.columns }]
      return { sql: `${common.name}${as === undefined ? '' : ` as ${as}`}`, visible }
    }
    return join(depth, outer, left)
  }

  const withClause = (depth: number, outer: readonly Visible[]): string => {
    const name = pick(['a', 'b', 'c', 'd', 'e'])
    const inner = query(depth - 1, outer)
    if (chance(0.3)) {
      const columns = inner.columns.map((_, at) => `${pick(NAMES)}${chance(0.5) ? at : ''}`)
      withNames = [...withNames, { name, columns }]
      const again = columns.map((column) => `${name}.${column}`).join(', ')
      return `with recursive ${name}(${columns.join(', ')}) as (${inner.sql} union all select ${again} from ${name} where false) `
    }
    withNames = [...withNames, { name, columns: inner.columns }]
    return `with ${chance(0.3) ? 'recursive ' : ''}${name} as (${inner.sql}) `
  }

  const query = (depth: number, outer: readonly Visible[]): { sql: string; columns: readonly string[] } => {
    const before = withNames
    const clause = depth > 0 && chance(0.15) ? withClause(depth, outer) : ''
    const parts: Part[] = []
    const here = () => parts.flatMap((part) => part.visible)
    for (let left = chance(0.5) ? 2 : 1; left > 0; left--) parts.push(item(depth, outer, here()))
    const all = [...outer, ...here(), ...here(), ...here()]
    const from = parts.map((part) => part.sql).join(', ')
    const columns: string[] = []
    const targets = Array.from({ length: 1 + Math.floor(random() * 3) }, () => {
      const one = pick(here())
      const roll = random()
      if (roll < 0.12) columns.push(...here().flatMap((side) => side.columns))
      if (roll < 0.12) return '*'
      if (roll < 0.2) columns.push(...one.columns)
      if (roll < 0.2) return `${one.name}.*`
      const name = roll < 0.5 || one.columns.length === 0 ? pick(NAMES) : pick(one.columns)
      columns.push(name)
      if (roll < 0.5 || one.columns.length === 0) return `${expression(depth, all)} as ${name}`
      return chance(0.5) ? name : `${one.name}.${name}`
    })
    let sql = `select ${chance(0.05) ? `distinct on (${expression(0, here())}) ` : ''}${targets.join(', ')} from ${from}`
    if (chance(0.4)) sql += ` where ${condition(depth, all)}`
    if (chance(0.25)) sql += ` order by ${chance(0.6) ? pick(NAMES) : expression(0, here())}`
    else if (chance(0.08))
      sql = `select count(*) as q from ${from} group by ${pick(NAMES)} having ${condition(0, here())}`
    else if (depth === 3 && chance(0.05)) sql += ' for update'
    if (depth > 0 && chance(0.08)) sql = `(${sql}) union all (${query(depth - 1, outer).sql})`
    withNames = before
    return { sql: clause + sql, columns }
  }

  const write = (): string => {
    const name = pick(['a', 'b', 'c'])
    const columns = TABLES[name] ?? []
    const as = chance(0.5) ? ' as m' : ''
    const target = { name: as === '' ? name : 'm', columns }
    const rows = [
      { name: 'old', columns },
      { name: 'new', columns },
    ]
    const other = chance(0.5) ? item(2, [], []) : undefined
    const all = [target, ...(other?.visible ?? [])]
    const value = (visible: readonly Visible[]) => (chance(0.4) ? '1' : `(${expression(1, visible)})::int`)
    const returning = (visible: readonly Visible[]) => (chance(0.4) ? ` returning ${expression(1, visible)}` : '')
    const where = chance(0.6) ? ` where ${condition(1, all)}` : ''
    switch (pick(['insert', 'update', 'delete', 'merge'])) {
      case 'insert':
        return `insert into fz.${name}${as} ${chance(0.6) ? `(${pick(columns)})` : ''} select ${value([])}${returning([target, ...rows])}`
      case 'update':
        return `update fz.${name}${as} set ${pick(columns)} = ${value(all)}${other ? ` from ${other.sql}` : ''}${where}${returning([...all, ...rows])}`
      case 'delete':
        return `delete from fz.${name}${as}${other ? ` using ${other.sql}` : ''}${where}${returning(all)}`
      default: {
        const source = other ?? item(1, [], [])
        const both = [target, ...source.visible]
        const act = pick([`update set ${pick(columns)} = ${value(both)}`, 'delete', 'do nothing'])
        const insert = pick([`insert (${pick(columns)}) values (${value(source.visible)})`, 'do nothing'])
        return `merge into fz.${name}${as} using ${source.sql} on ${condition(1, both)} when matched ${chance(0.3) ? `and ${condition(1, both)} ` : ''}then ${act} when not matched then ${insert}${returning(both)}`
      }
    }
  }

  return {
    next() {
      counter = 0
      withNames = []
      return chance(0.8) ? query(3, []).sql : write()
    },
  }
}
