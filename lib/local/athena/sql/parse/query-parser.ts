import type { Body, Expression, Grouping, Query, Select, SelectItem } from './ast.ts'
import { AFTER_RELATION, RelationParser } from './relation-parser.ts'
import type { Token } from './tokens.ts'

/** Trino's grammar of queries and relations. */
export class QueryParser extends RelationParser {
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
    } else if (this.isWord('FETCH')) {
      query.fetchAt = this.take().at
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

  private select(): Select {
    const { at } = this.take()
    const distinct = this.accept('DISTINCT') || (this.accept('ALL') && false)
    const select: Select = { kind: 'select', distinct, items: this.list(() => this.selectItem()), windows: [], at, end: 0 }
    if (this.accept('FROM')) select.from = this.relations()
    if (this.accept('WHERE')) select.where = this.expression()
    if (this.accept('GROUP', 'BY')) {
      const distinct = this.accept('DISTINCT')
      if (!distinct && this.isWord('ALL') && this.startsExpression(this.look())) this.accept('ALL')
      select.groupBy = { distinct, elements: this.list(() => this.grouping()) }
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
    const value = this.expression()
    if (this.accept('.', '*')) {
      const aliases = this.isWord('AS') && this.look().text === '(' && this.accept('AS') ? this.nameList() : undefined
      return { kind: 'all', of: value, aliases, at, end: this.lastEnd }
    }
    const alias = this.accept('AS') ? this.name() : this.isName() ? this.name() : undefined
    return { kind: 'expression', value, alias, at, end: this.lastEnd }
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
}

/** Parses one query; `start` is where it begins in `sql`. Throws SYNTAX_ERROR with the position in `sql`. */
export function parseQuery(sql: string, start = 0): Query {
  return new QueryParser(sql, start).wholeQuery()
}
