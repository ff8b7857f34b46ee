import type { Body, Expression, Grouping, Name, Query, Relation, Select, SelectItem } from './ast.ts'
import { ExpressionParser } from './expression-parser.ts'
import type { Token } from './tokens.ts'

const AFTER_RELATION =
  `'(', ',', 'CROSS', 'EXCEPT', 'FETCH', 'FULL', 'GROUP', 'HAVING', 'INNER', 'INTERSECT', 'JOIN', 'LEFT', 'LIMIT',
'MATCH_RECOGNIZE', 'NATURAL', 'OFFSET', 'ORDER', 'RIGHT', 'TABLESAMPLE', 'UNION', 'WHERE', 'WINDOW', <EOF>`.replace('\n', ' ')

/** Trino's grammar of queries and relations. */
export class QueryParser extends ExpressionParser {
  /** The whole text is one query; one `;` may follow. */
  wholeQuery(): Query {
    if (!this.isWord('SELECT', 'WITH', 'VALUES', 'TABLE') && !this.isSymbol('('))
      this.mismatch(
        "'ALTER', 'ANALYZE', 'CREATE', 'DELETE', 'DESCRIBE', 'DROP', 'EXECUTE', 'EXPLAIN', 'INSERT', 'SHOW', 'UNLOAD', <query>",
      )
    const query = this.query()
    this.accept(';')
    if (this.token.kind !== 'end') this.mismatch(query.body.kind === 'select' ? AFTER_RELATION : '<EOF>')
    return query
  }

  /** The whole text is one expression: a parameter's value. */
  wholeExpression(): Expression {
    const expression = this.expression()
    if (this.token.kind !== 'end') this.mismatch('<EOF>')
    return expression
  }

  query(): Query {
    const at = this.token.at
    const withs: Query['with'] = []
    let recursive = false
    if (this.accept('WITH')) {
      recursive = this.accept('RECURSIVE')
      this.list(() => {
        const name = this.name()
        const columns = this.isSymbol('(') ? this.nameList() : undefined
        this.expect('AS')
        withs.push({ name, columns, query: this.parenthesisedQuery() })
      })
    }
    const query: Query = { recursive, with: withs, body: this.setOperation(), orderBy: [], withTies: false, at, end: 0 }
    if (this.isWord('ORDER')) query.orderBy = this.orderBy()
    this.rowLimits(query)
    query.end = this.lastEnd
    return query
  }

  private rowLimits(query: Query): void {
    if (this.accept('OFFSET')) {
      query.offset = this.rowCount()
      if (!this.accept('ROW')) this.accept('ROWS')
    }
    if (this.accept('LIMIT')) {
      if (!this.accept('ALL')) query.limit = this.rowCount()
    } else if (this.accept('FETCH')) {
      if (!this.accept('FIRST')) this.expect('NEXT')
      const { at, end } = this.token
      query.limit = this.isWord('ROW', 'ROWS') ? { kind: 'integer', text: '1', at, end } : this.rowCount()
      if (!this.accept('ROW')) this.expect('ROWS')
      if (this.accept('WITH', 'TIES')) query.withTies = true
      else this.expect('ONLY')
    }
  }

  private rowCount(): Expression {
    if (this.token.kind !== 'integer' && !this.isSymbol('?')) this.mismatch("'?'", "'ALL'", '<integer>')
    return this.literal()!
  }

  private setOperation(): Body {
    return this.setOperators(['UNION', 'EXCEPT'], () => this.setOperators(['INTERSECT'], () => this.queryPrimary()))
  }

  private setOperators(operators: string[], next: () => Body): Body {
    let left = next()
    while (this.isWord(...operators)) {
      const { at: operatorAt, text } = this.take()
      const operator = text as 'UNION'
      const all = this.accept('ALL') || (this.accept('DISTINCT') && false)
      left = { kind: 'set', operator, all, left, right: next(), operatorAt, at: left.at, end: this.lastEnd }
    }
    return left
  }

  private queryPrimary(): Body {
    const at = this.token.at
    if (this.isSymbol('(')) {
      const query = this.parenthesisedQuery()
      return { kind: 'nested', query, at, end: this.lastEnd }
    }
    if (this.accept('VALUES')) {
      const rows = this.list(() => this.expression())
      return { kind: 'values', rows, at, end: this.lastEnd }
    }
    if (this.accept('TABLE')) {
      const name = this.qualifiedName()
      return { kind: 'table', name, at, end: this.lastEnd }
    }
    if (!this.isWord('SELECT')) this.mismatch("'('", "'SELECT'", "'TABLE'", "'VALUES'")
    return this.select()
  }

  private qualifiedName(): Name[] {
    const parts = [this.name()]
    while (this.isSymbol('.') && this.isName(this.look())) {
      this.take()
      parts.push(this.name())
    }
    return parts
  }

  private select(): Select {
    const { at } = this.take()
    const distinct = this.accept('DISTINCT') || (this.accept('ALL') && false)
    const select: Select = { kind: 'select', distinct, items: this.list(() => this.selectItem()), windows: [], at, end: 0 }
    if (this.accept('FROM')) select.from = this.relations()
    if (this.accept('WHERE')) select.where = this.expression()
    if (this.accept('GROUP', 'BY')) {
      const all = !this.accept('DISTINCT') && this.isWord('ALL') && this.startsExpression(this.look()) && this.accept('ALL')
      select.groupBy = { all, elements: this.list(() => this.grouping()) }
    }
    if (this.accept('HAVING')) select.having = this.expression()
    if (this.accept('WINDOW'))
      select.windows = this.list(() => {
        const name = this.name()
        this.expect('AS')
        return { name, window: this.window() }
      })
    select.end = this.lastEnd
    return select
  }

  /** Whether a token after GROUP BY ALL begins an expression; if not, ALL is a name. */
  private startsExpression(token: Token): boolean {
    return token.kind !== 'end' && token.kind !== 'symbol'
      ? !['HAVING', 'ORDER', 'LIMIT', 'OFFSET', 'FETCH', 'WINDOW', 'UNION'].includes(token.text)
      : token.text === '('
  }

  private selectItem(): SelectItem {
    const at = this.token.at
    if (this.accept('*')) return { kind: 'all', at, end: this.lastEnd }
    const qualified = this.tryTo(() => {
      const base: Expression = this.isSymbol('(') ? this.value() : this.dotted()
      return this.accept('.', '*') ? base : undefined
    })
    if (qualified) {
      const aliases = this.isWord('AS') && this.look().text === '(' && this.accept('AS') ? this.nameList() : undefined
      return { kind: 'all', of: qualified, aliases, at, end: this.lastEnd }
    }
    const value = this.expression()
    const alias = this.accept('AS') ? this.name() : this.isName() ? this.name() : undefined
    return { kind: 'expression', value, alias, at, end: this.lastEnd }
  }

  private dotted(): Expression {
    const parts = this.qualifiedName()
    const at = parts[0]!.at
    return parts.reduce<Expression>((base, name, i) => (i ? { kind: 'field', base, name, at, end: name.end } : base), {
      kind: 'name',
      ...parts[0]!,
    })
  }

  private grouping(): Grouping {
    const at = this.token.at
    const set = (): Expression[] => {
      if (!this.isSymbol('(')) return [this.expression()]
      const empty = this.tryTo(() => (this.accept('(', ')') ? true : undefined))
      if (empty) return []
      const value = this.expression()
      return value.kind === 'row' && this.sql[value.at] === '(' ? value.fields : [value]
    }
    const sets = (kind: 'ROLLUP' | 'CUBE' | 'SETS'): Grouping => {
      this.expect('(')
      const found = this.isSymbol(')') ? [] : this.list(set)
      this.expect(')')
      return { kind, sets: found, at, end: this.lastEnd }
    }
    if (this.accept('ROLLUP')) return sets('ROLLUP')
    if (this.accept('CUBE')) return sets('CUBE')
    if (this.accept('GROUPING', 'SETS')) return sets('SETS')
    const values = set()
    return { kind: 'simple', values, at, end: this.lastEnd }
  }

  /** `a, b` is a cross join. */
  private relations(): Relation {
    let left = this.relation()
    while (this.accept(',')) left = this.joined('CROSS', left, this.relation())
    return left
  }

  private joined(type: 'CROSS', left: Relation, right: Relation): Relation {
    return { kind: 'join', type, left, right, natural: false, at: left.at, end: this.lastEnd }
  }

  private relation(): Relation {
    let left = this.sampled()
    for (;;) {
      if (this.accept('CROSS')) {
        this.expect('JOIN')
        left = this.joined('CROSS', left, this.sampled())
        continue
      }
      const natural = this.accept('NATURAL')
      const type = this.joinType()
      if (!type) return natural ? this.mismatch("'FULL'", "'INNER'", "'JOIN'", "'LEFT'", "'RIGHT'") : left
      const right = natural ? this.sampled() : this.relation()
      const join: Relation = { kind: 'join', type, left, right, natural, at: left.at, end: 0 }
      if (!natural) {
        if (this.accept('ON')) join.on = this.expression()
        else if (this.accept('USING')) join.using = this.nameList()
        else this.mismatch("'CROSS'", "'FULL'", "'INNER'", "'JOIN'", "'LEFT'", "'NATURAL'", "'ON'", "'RIGHT'", "'USING'")
      }
      join.end = this.lastEnd
      left = join
    }
  }

  private joinType(): 'INNER' | 'LEFT' | 'RIGHT' | 'FULL' | undefined {
    if (this.accept('JOIN')) return 'INNER'
    if (!this.isWord('INNER', 'LEFT', 'RIGHT', 'FULL')) return undefined
    const type = this.take().text as 'INNER'
    if (type !== 'INNER') this.accept('OUTER')
    this.expect('JOIN')
    return type
  }

  private sampled(): Relation {
    const relation = this.aliased()
    if (!this.accept('TABLESAMPLE')) return relation
    const method = this.isWord('BERNOULLI', 'SYSTEM') ? this.take().text : this.mismatch("'BERNOULLI'", "'SYSTEM'")
    this.expect('(')
    const percentage = this.expression()
    this.expect(')')
    return { kind: 'sample', relation, method, percentage, at: relation.at, end: this.lastEnd }
  }

  private aliased(): Relation {
    const relation = this.relationPrimary()
    if (this.isWord('MATCH_RECOGNIZE') && this.look().text === '(') this.fail('MATCH_RECOGNIZE is not supported')
    const explicit = this.accept('AS')
    if (!explicit && !(this.isName() && !this.startsClause())) return relation
    const name = this.name()
    const columns = this.isSymbol('(') ? this.nameList() : undefined
    return { kind: 'alias', relation, name, columns, at: relation.at, end: this.lastEnd }
  }

  /** Words that are not reserved but begin the next clause rather than an alias. */
  private startsClause(): boolean {
    const next = this.look()
    if (this.isWord('TABLESAMPLE', 'MATCH_RECOGNIZE')) return true
    if (this.isWord('LIMIT')) return next.kind === 'integer' || next.text === 'ALL' || next.text === '?'
    if (this.isWord('OFFSET')) return next.kind === 'integer' || next.text === '?'
    if (this.isWord('FETCH')) return ['FIRST', 'NEXT'].includes(next.text)
    return this.isWord('WINDOW') && this.look(2).text === 'AS'
  }

  private relationPrimary(): Relation {
    const at = this.token.at
    if (this.accept('UNNEST')) {
      this.expect('(')
      const values = this.list(() => this.expression())
      this.expect(')')
      const ordinality = this.accept('WITH', 'ORDINALITY')
      return { kind: 'unnest', values, ordinality, at, end: this.lastEnd }
    }
    if (this.accept('LATERAL'))
      return { kind: 'subquery', query: this.parenthesisedQuery(), lateral: true, at, end: this.lastEnd }
    if (this.areNext('TABLE', '(')) return this.tableFunction()
    if (this.isSymbol('(')) {
      if (this.startsQuery(0)) {
        const query = this.tryTo(() => this.parenthesisedQuery())
        if (query) return { kind: 'subquery', query, lateral: false, at, end: this.lastEnd }
        if (['SELECT', 'WITH', 'VALUES', 'TABLE'].includes(this.look().text)) this.parenthesisedQuery()
      }
      this.expect('(')
      const relation = this.relations()
      this.expect(')')
      return relation
    }
    const name = this.qualifiedName()
    if (this.isSymbol('(')) this.mismatch(AFTER_RELATION.slice("'(', ".length))
    return { kind: 'table', name, at, end: this.lastEnd }
  }

  private tableFunction(): Relation {
    const at = this.token.at
    this.expect('TABLE', '(')
    const name = this.qualifiedName()
      .map(part => part.name)
      .join('.')
    this.expect('(')
    const args: Expression[] = []
    if (!this.isSymbol(')'))
      this.list(() => {
        if (this.look().text === '=>') this.index += 2
        args.push(this.expression())
      })
    this.expect(')', ')')
    return { kind: 'tableFunction', name: name.toLowerCase(), arguments: args, at, end: this.lastEnd }
  }
}

/** Parses one query; `start` is where it begins in `sql`. Throws SYNTAX_ERROR with the position in `sql`. */
export function parseQuery(sql: string, start = 0): Query {
  return new QueryParser(sql, start).wholeQuery()
}
