/** Trino's query grammar as data. `at` and `end` are offsets into the text as typed. */
export interface Node {
  at: number
  end: number
}

export interface Name extends Node {
  /** As typed, without quotes. */
  name: string
}

/** A type as typed: `decimal(10, 2)`, `row(a integer)`; sizes are strings. */
export interface TypeNode extends Node {
  name: string
  arguments: (TypeNode | string)[]
  fieldNames?: (string | undefined)[]
}

export type Expression =
  | (Node & { kind: 'null' })
  | (Node & { kind: 'boolean'; value: boolean })
  | (Node & { kind: 'integer' | 'decimal' | 'double' | 'string' | 'binary'; text: string })
  /** `DATE '2020-01-01'`. */
  | (Node & { kind: 'typed'; type: TypeNode; text: string })
  | (Node & { kind: 'interval'; negative: boolean; text: string; from: string; to?: string | undefined })
  | (Node & { kind: 'name'; name: string })
  | (Node & { kind: 'field'; base: Expression; name: Name })
  | (Node & { kind: 'subscript'; base: Expression; index: Expression })
  | Call
  | (Node & { kind: 'lambda'; parameters: Name[]; body: Expression })
  | (Node & { kind: 'sign'; operator: '-' | '+'; value: Expression })
  | (Node & {
      kind: 'arithmetic'
      operator: '+' | '-' | '*' | '/' | '%' | '||'
      left: Expression
      right: Expression
      operatorAt: number
    })
  | (Node & { kind: 'compare'; operator: string; left: Expression; right: Expression; operatorAt: number })
  | (Node & {
      kind: 'quantified'
      operator: string
      quantifier: 'ALL' | 'ANY'
      left: Expression
      query: Query
      operatorAt: number
    })
  | (Node & { kind: 'logical'; operator: 'AND' | 'OR'; terms: Expression[] })
  | (Node & { kind: 'not'; value: Expression })
  | (Node & { kind: 'between'; value: Expression; low: Expression; high: Expression; operatorAt: number })
  | (Node & { kind: 'in'; value: Expression; list: Expression[]; operatorAt: number })
  | (Node & { kind: 'inQuery'; value: Expression; query: Query; operatorAt: number })
  | (Node & { kind: 'like'; value: Expression; operatorAt: number; pattern: Expression; escape?: Expression | undefined })
  | (Node & { kind: 'isNull'; value: Expression; negated: boolean; operatorAt: number })
  | (Node & { kind: 'exists'; query: Query })
  | (Node & { kind: 'subquery'; query: Query })
  | (Node & {
      kind: 'case'
      operand?: Expression | undefined
      whens: { when: Expression; then: Expression }[]
      otherwise?: Expression | undefined
    })
  | (Node & { kind: 'cast'; value: Expression; type: TypeNode; safe: boolean })
  | (Node & { kind: 'row'; fields: Expression[] })
  | (Node & { kind: 'array'; elements: Expression[] })
  | (Node & { kind: 'extract'; field: string; fieldAt: number; value: Expression })
  | (Node & { kind: 'atTimeZone'; value: Expression; zone: Expression })
  | (Node & { kind: 'current'; what: string; precision?: number | undefined })
  | (Node & { kind: 'parameter'; index: number })
  | (Node & { kind: 'grouping'; columns: Expression[] })
  | (Node & {
      kind: 'jsonPath'
      function: 'JSON_EXISTS' | 'JSON_VALUE' | 'JSON_QUERY'
      input: Expression
      path: string
      options: JsonOptions
    })
  | (Node & {
      kind: 'jsonObject'
      members: { key: Expression; value: Expression; json: boolean }[]
      absentOnNull: boolean
      unique: boolean
    })
  | (Node & { kind: 'jsonArray'; elements: { value: Expression; json: boolean }[]; absentOnNull: boolean })

export interface JsonOptions {
  returning?: TypeNode | undefined
  onEmpty?: string | undefined
  onError?: string | undefined
  emptyDefault?: Expression | undefined
  errorDefault?: Expression | undefined
  wrapper?: 'WITHOUT' | 'CONDITIONAL' | 'UNCONDITIONAL'
  omitQuotes?: boolean
}

export interface Call extends Node {
  kind: 'call'
  /** In lower case. */
  name: string
  nameAt: number
  /** `count(*)`. */
  star: boolean
  arguments: Expression[]
  distinct: boolean
  orderBy: SortItem[]
  filter?: Expression | undefined
  over?: Window | undefined
  ignoreNulls?: boolean | undefined
}

export interface Window extends Node {
  /** `OVER w`, or the window that `( w … )` extends. */
  name?: Name | undefined
  /** `OVER w` without parentheses. */
  bare?: boolean
  partitionBy: Expression[]
  orderBy: SortItem[]
  frame?: Frame | undefined
}

export interface Frame extends Node {
  unit: 'ROWS' | 'RANGE' | 'GROUPS'
  start: Bound
  end_: Bound
}

export interface Bound extends Node {
  kind: 'UNBOUNDED PRECEDING' | 'UNBOUNDED FOLLOWING' | 'CURRENT ROW' | 'PRECEDING' | 'FOLLOWING'
  value?: Expression | undefined
}

export interface SortItem extends Node {
  value: Expression
  descending: boolean
  nullsFirst: boolean
}

export interface Query extends Node {
  recursive: boolean
  with: { name: Name; columns?: Name[] | undefined; query: Query }[]
  body: Body
  orderBy: SortItem[]
  offset?: Expression | undefined
  /** Undefined: no limit, as `LIMIT ALL`. */
  limit?: Expression | undefined
  withTies: boolean
  /** Where FETCH stands. */
  fetchAt?: number
}

export type Body =
  | Select
  | (Node & {
      kind: 'set'
      operator: 'UNION' | 'EXCEPT' | 'INTERSECT'
      all: boolean
      left: Body
      right: Body
      operatorAt: number
    })
  | (Node & { kind: 'values'; rows: Expression[] })
  | (Node & { kind: 'table'; name: Name[] })
  | (Node & { kind: 'nested'; query: Query })

export interface Select extends Node {
  kind: 'select'
  distinct: boolean
  items: SelectItem[]
  from?: Relation | undefined
  where?: Expression | undefined
  groupBy?: { distinct: boolean; elements: Grouping[] } | undefined
  having?: Expression | undefined
  windows: { name: Name; window: Window }[]
}

export type SelectItem =
  | (Node & { kind: 'expression'; value: Expression; alias?: Name | undefined })
  | (Node & { kind: 'all'; of?: Expression | undefined; aliases?: Name[] | undefined })

export type Grouping = Node &
  ({ kind: 'simple'; values: Expression[] } | { kind: 'ROLLUP' | 'CUBE' | 'SETS'; sets: Expression[][] })

export type Relation =
  | (Node & { kind: 'table'; name: Name[] })
  | (Node & { kind: 'subquery'; query: Query; lateral: boolean })
  | (Node & { kind: 'unnest'; values: Expression[]; ordinality: boolean })
  | (Node & { kind: 'tableFunction'; name: string; arguments: Expression[] })
  | (Node & { kind: 'alias'; relation: Relation; name: Name; columns?: Name[] | undefined })
  | (Node & { kind: 'sample'; relation: Relation; method: string; percentage: Expression })
  | (Node & { kind: 'join'; type: 'CROSS' | 'INNER' | 'LEFT' | 'RIGHT' | 'FULL' } & {
      left: Relation
      right: Relation
      natural: boolean
      on?: Expression | undefined
      using?: Name[] | undefined
    })

/** Where Trino says that an expression is: at its operator when it has one. */
export const locate = (node: Expression): number => ('operatorAt' in node ? node.operatorAt : node.at)
