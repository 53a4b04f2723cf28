import type { Access } from '../base/access.ts'

/** `r` table, `p` partitioned, `v` view, `m` materialized view, `f` foreign, `S` sequence, `c` composite type, `i` index. */
export type RelationKind = 'r' | 'p' | 'v' | 'm' | 'f' | 'S' | 'c' | 'i'

export interface CatalogRelation {
  readonly schema: string
  readonly name: string
  readonly kind: RelationKind
  /** User columns in attnum order, without dropped ones; undefined where they are not known (temporary tables). */
  readonly columns: readonly string[] | undefined
  /** Those of the columns whose type is outside pg_catalog. */
  readonly customColumns?: readonly string[]
  /** Names of unique, primary key and exclusion constraints, with their columns. */
  readonly arbiters?: Readonly<Record<string, readonly string[]>>
  readonly primaryKey?: readonly string[]
  /** Tables whose foreign keys point here: what TRUNCATE CASCADE reaches. */
  readonly referencedBy?: readonly ObjectName[]
  /** Tables this one inherits from or is a partition of. */
  readonly parents?: readonly ObjectName[]
  /** Row-level security is on. */
  readonly rowSecurity?: true
  /** The query of a `security_invoker` view, which is judged as if it stood in the statement. */
  readonly invokerQuery?: string
  /** The relations such a view is over: a write to it needs the same on them. */
  readonly invokerBases?: readonly ObjectName[]
  /** A view over pg_settings: an UPDATE of it is SET. */
  readonly overSettings?: true
  /** Of an index: its table. Of a sequence: the table whose column owns it. */
  readonly of?: ObjectName
  /** Of a temporary view: what its query needed when it was made, and needs at each use. */
  readonly needs?: readonly Access[]
}

export interface CatalogFunction {
  readonly schema: string
  readonly name: string
  /** f function, p procedure, a aggregate, w window function. */
  readonly kind: 'f' | 'p' | 'a' | 'w'
  /** i immutable, s stable, v volatile. */
  readonly volatility: 'i' | 's' | 'v'
  /** The extension it belongs to. */
  readonly extension?: string
  /** Of all overloads: what a FunctionCall names it by. */
  readonly oids?: readonly number[]
}

export interface CatalogOperator {
  readonly schema: string
  readonly name: string
  readonly function: ObjectName
}

/** A cast whose function is outside pg_catalog, under its target type. */
export interface CatalogCast {
  readonly target: ObjectName
  /** Absent in snapshots of before it was noted. */
  readonly source?: ObjectName
  readonly function: ObjectName
}

export interface ObjectName {
  readonly schema: string
  readonly name: string
}

export interface CatalogType extends ObjectName {
  /** Of a domain: what it is over. */
  readonly base?: ObjectName
}

/** `object` goes when DROP … CASCADE takes `when`. */
export interface CatalogDependency {
  readonly when: ObjectName
  readonly object: ObjectName
  /** Only a part of `object` goes: a constraint, a default, a trigger. */
  readonly isPart?: true
}

/** What the analysis needs to know of one database; JSON as `--dump-catalog` writes it. */
export interface CatalogSnapshot {
  readonly version: 1
  /** As `server_version_num`: 180004. */
  readonly serverVersion: number
  readonly database: string
  /** Those of users; pg_catalog and information_schema are known from the curated lists. */
  readonly schemas: readonly string[]
  readonly relations: readonly CatalogRelation[]
  readonly functions: readonly CatalogFunction[]
  readonly operators: readonly CatalogOperator[]
  readonly casts: readonly CatalogCast[]
  /** Types of users, domains and enums among them; row types of tables are left out. */
  readonly types: readonly CatalogType[]
  readonly dependencies: readonly CatalogDependency[]
}

/** A snapshot made searchable; immutable and shared by all sessions of a database. */
export interface Catalog {
  /** Names are taken as written: nothing is known of the database (`explain` without a catalog). */
  readonly namesOnly: boolean
  readonly serverVersion: number
  readonly database: string | undefined
  /** Where the policy pins the path; undefined: every schema counts. */
  readonly searchPath: readonly string[] | undefined
  readonly schemas: readonly string[]
  /** Every relation an unqualified name may mean; temporary ones have schema `pg_temp`. */
  relationsNamed(name: string): readonly CatalogRelation[]
  relation(schema: string, name: string): CatalogRelation | undefined
  relationsIn(schema: string): readonly CatalogRelation[]
  /** Functions outside the built-in ones that an unqualified name may mean. */
  functionsNamed(name: string): readonly CatalogFunction[]
  functionsIn(schema: string, name: string): readonly CatalogFunction[]
  functionByOid(oid: number): CatalogFunction | undefined
  /** Types of users of that name: in that schema, or those an unqualified name may mean. */
  typesNamed(name: string, schema?: string): readonly CatalogType[]
  operatorsNamed(name: string): readonly CatalogOperator[]
  /** Casts to a type of this name, in any schema where none is given; of a domain, those to its base too. */
  castsTo(schema: string | undefined, name: string): readonly CatalogCast[]
  /** What falls when this is dropped with CASCADE, to any depth. */
  dependents(schema: string, name: string): readonly ObjectName[]
  /** Sequences owned by a column of the table. */
  sequencesOf(schema: string, name: string): readonly CatalogRelation[]
  /** The same for everything in a schema. */
  dependentsOfSchema(schema: string): readonly ObjectName[]
  /** What inherits from the table or is a partition of it, at any depth. */
  descendantsOf(schema: string, name: string): readonly ObjectName[]
}
