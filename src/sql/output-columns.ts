import type { Columns, OutColumn } from './columns.ts'
import { concatColumns, derivedColumns } from './columns.ts'
import type { Scope } from './scope.ts'
import { type Node, nodeOf, nodesOf, stringsOf, textOf, treeOf } from './tree.ts'

/** The columns a target list gives, by the names PostgreSQL gives them; what they read is counted already. */
export function outputColumns(scope: Scope, targets: unknown): Columns {
  const list: OutColumn[] = []
  let isOpen = false
  for (const { body } of nodesOf(targets)) {
    const node = nodeOf(body.val)
    const name = textOf(body.name)
    if (name === undefined && node && isStar(node)) {
      const star = starColumns(scope, node)
      for (const column of star.list) list.push({ name: column.name, reads: NONE })
      isOpen ||= star.isOpen
    } else {
      const figured = name ?? figureName(node) ?? '?column?'
      list.push({ name: figured, reads: NONE })
      isOpen ||= figured === UNKNOWN_NAME
    }
  }
  return { list, open: NONE, isOpen }
}

const NONE: readonly never[] = []
/** A column that has a name, which is not known here; no name that is written can be empty. */
const UNKNOWN_NAME = ''

/** How many columns a list gives; undefined where a star stands for a number that is not known. */
export function columnCount(columns: Columns): number | undefined {
  return columns.isOpen ? undefined : columns.list.length
}

function isStar(node: Node): boolean {
  if (node.type !== 'ColumnRef' && node.type !== 'A_Indirection') return false
  return nodesOf(node.type === 'ColumnRef' ? node.body.fields : node.body.indirection).at(-1)?.type === 'A_Star'
}

function starColumns(scope: Scope, node: Node): Columns {
  if (node.type !== 'ColumnRef') return derivedColumns([], true)
  const names = stringsOf(node.body.fields).slice(0, -1)
  const items =
    names.length === 0
      ? scope.items.filter((item) => item.columnsVisible)
      : scope.named(names.at(-1) ?? '', names.at(-2))
  return items.length === 0 ? derivedColumns([], true) : concatColumns(items.map((item) => item.columns))
}

/**
 * The name PostgreSQL gives an expression without an alias.
 *
 * @see PostgreSQL 18, src/backend/parser/parse_target.c: FigureColnameInternal
 */
function figureName(node: Node | undefined): string | undefined {
  return figure(node)?.name
}

/** `isWeak` names give way inside CASE. */
interface Figured {
  readonly name: string
  readonly isWeak: boolean
}

const strong = (name: string | undefined): Figured | undefined =>
  name === undefined ? undefined : { name, isWeak: false }

function figure(node: Node | undefined): Figured | undefined {
  if (!node) return undefined
  const { type, body } = node
  switch (type) {
    case 'ColumnRef':
      return strong(
        stringsOf(body.fields)
          .filter((one) => one !== '')
          .at(-1),
      )
    case 'A_Indirection': {
      const field = nodesOf(body.indirection)
        .filter((one) => one.type === 'String')
        .at(-1)
      return field ? strong(textOf(field.body.sval)) : figure(nodeOf(body.arg))
    }
    case 'FuncCall':
      return strong(stringsOf(body.funcname).at(-1))
    case 'A_Expr':
      return body.kind === 'AEXPR_NULLIF' ? strong('nullif') : undefined
    case 'TypeCast': {
      const inner = figure(nodeOf(body.arg))
      if (inner && !inner.isWeak) return inner
      const name = stringsOf(treeOf(body.typeName)?.names).at(-1)
      return name === undefined ? inner : { name, isWeak: true }
    }
    case 'CollateClause':
      return figure(nodeOf(body.arg))
    case 'CaseExpr': {
      const inner = figure(nodeOf(body.defresult))
      return inner && !inner.isWeak ? inner : { name: 'case', isWeak: true }
    }
    case 'SubLink':
      return figureSubLink(node)
    case 'MinMaxExpr':
      return strong(body.op === 'IS_LEAST' ? 'least' : 'greatest')
    case 'SQLValueFunction':
      return strong(SQL_VALUES[String(body.op)])
    case 'XmlExpr':
      return strong(XML_NAMES[String(body.op)])
    case 'JsonFuncExpr':
      return strong(JSON_NAMES[String(body.op)])
  }
  return strong(FIXED_NAMES[type])
}

function figureSubLink({ body }: Node): Figured | undefined {
  if (body.subLinkType === 'EXISTS_SUBLINK') return strong('exists')
  if (body.subLinkType === 'ARRAY_SUBLINK') return strong('array')
  if (body.subLinkType !== 'EXPR_SUBLINK') return undefined
  let query = nodeOf(body.subselect)?.body
  while (query && treeOf(query.larg)) query = treeOf(query.larg)
  if (nodesOf(query?.valuesLists).length > 0) return strong('column1')
  const [target] = nodesOf(query?.targetList)
  const value = nodeOf(target?.body.val)
  if (value && isStar(value)) return strong(UNKNOWN_NAME)
  return strong(textOf(target?.body.name) ?? figureName(value) ?? '?column?')
}

const FIXED_NAMES: Readonly<Record<string, string>> = {
  GroupingFunc: 'grouping',
  MergeSupportFunc: 'merge_action',
  A_ArrayExpr: 'array',
  RowExpr: 'row',
  CoalesceExpr: 'coalesce',
  XmlSerialize: 'xmlserialize',
  JsonParseExpr: 'json',
  JsonScalarExpr: 'json_scalar',
  JsonSerializeExpr: 'json_serialize',
  JsonObjectConstructor: 'json_object',
  JsonArrayConstructor: 'json_array',
  JsonArrayQueryConstructor: 'json_array',
  JsonObjectAgg: 'json_objectagg',
  JsonArrayAgg: 'json_arrayagg',
}

const JSON_NAMES: Readonly<Record<string, string>> = {
  JSON_EXISTS_OP: 'json_exists',
  JSON_VALUE_OP: 'json_value',
  JSON_QUERY_OP: 'json_query',
}

const XML_NAMES: Readonly<Record<string, string>> = {
  IS_XMLCONCAT: 'xmlconcat',
  IS_XMLELEMENT: 'xmlelement',
  IS_XMLFOREST: 'xmlforest',
  IS_XMLPARSE: 'xmlparse',
  IS_XMLPI: 'xmlpi',
  IS_XMLROOT: 'xmlroot',
  IS_XMLSERIALIZE: 'xmlserialize',
}

const SQL_VALUES: Readonly<Record<string, string>> = {
  SVFOP_CURRENT_DATE: 'current_date',
  SVFOP_CURRENT_TIME: 'current_time',
  SVFOP_CURRENT_TIME_N: 'current_time',
  SVFOP_CURRENT_TIMESTAMP: 'current_timestamp',
  SVFOP_CURRENT_TIMESTAMP_N: 'current_timestamp',
  SVFOP_LOCALTIME: 'localtime',
  SVFOP_LOCALTIME_N: 'localtime',
  SVFOP_LOCALTIMESTAMP: 'localtimestamp',
  SVFOP_LOCALTIMESTAMP_N: 'localtimestamp',
  SVFOP_CURRENT_ROLE: 'current_role',
  SVFOP_CURRENT_USER: 'current_user',
  SVFOP_USER: 'user',
  SVFOP_SESSION_USER: 'session_user',
  SVFOP_CURRENT_CATALOG: 'current_catalog',
  SVFOP_CURRENT_SCHEMA: 'current_schema',
}
