import type { Call, Expression, Query, SortItem, Window } from './ast.ts'
import { SpecialParser } from './special-parser.ts'

const COMPARISONS = ['=', '<>', '<', '<=', '>', '>=']

/** Trino's grammar of expressions, by falling precedence: OR, AND, NOT, one predicate, `||`, `+ -`, `* / %`, sign, AT TIME ZONE, primary. */
export abstract class ExpressionParser extends SpecialParser {
  /** What `tryQuery` found, by token: parentheses in parentheses would be tried again and again. */
  private readonly tried = new Map<number, boolean>()

  expression(): Expression {
    return this.logical('OR', () => this.logical('AND', () => this.negation()))
  }

  private logical(operator: 'AND' | 'OR', next: () => Expression): Expression {
    const first = next()
    if (!this.isWord(operator)) return first
    const terms = [first]
    while (this.accept(operator)) terms.push(next())
    return { kind: 'logical', operator, terms, at: first.at, end: this.lastEnd }
  }

  private negation(): Expression {
    const at = this.token.at
    if (!this.accept('NOT')) return this.predicate()
    const value = this.negation()
    return { kind: 'not', value, at, end: this.lastEnd }
  }

  private predicate(): Expression {
    const left = this.value()
    const { at: operatorAt, text, kind } = this.token
    const node = { at: left.at, end: 0 }
    const done = <T extends Expression>(expression: T): T => Object.assign(expression, { end: this.lastEnd })
    if (kind === 'symbol' && COMPARISONS.includes(text)) {
      this.take()
      if (this.isWord('ALL', 'ANY', 'SOME') && this.look().text === '(') {
        const quantifier = this.take().text === 'ALL' ? 'ALL' : 'ANY'
        return done({
          ...node,
          kind: 'quantified',
          operator: text,
          quantifier,
          left,
          query: this.parenthesisedQuery(),
          operatorAt,
        })
      }
      return done({ ...node, kind: 'compare', operator: text, left, right: this.value(), operatorAt })
    }
    if (this.accept('IS')) return done(this.isPredicate(left, operatorAt))
    const negated = this.isWord('NOT') && ['BETWEEN', 'IN', 'LIKE'].includes(this.look().text) && this.accept('NOT')
    const positive = this.rangePredicate(left, operatorAt)
    if (!positive) return left
    return negated ? { kind: 'not', value: positive, at: left.at, end: this.lastEnd } : positive
  }

  private isPredicate(left: Expression, operatorAt: number): Expression {
    const negated = this.accept('NOT')
    const node = { at: left.at, end: this.lastEnd }
    if (this.accept('NULL')) return { ...node, kind: 'isNull', value: left, negated, operatorAt, end: this.lastEnd }
    if (!this.accept('DISTINCT', 'FROM')) this.mismatch("'DISTINCT'", ...(negated ? [] : ["'NOT'"]), "'NULL'")
    const operator = negated ? 'IS NOT DISTINCT FROM' : 'IS DISTINCT FROM'
    return { ...node, kind: 'compare', operator, left, right: this.value(), operatorAt }
  }

  private rangePredicate(value: Expression, operatorAt: number): Expression | undefined {
    const node = { at: value.at, end: 0, operatorAt }
    const done = <T extends Expression>(expression: T): T => Object.assign(expression, { end: this.lastEnd })
    if (this.accept('BETWEEN')) {
      const low = this.value()
      this.expect('AND')
      return done({ ...node, kind: 'between', value, low, high: this.value() })
    }
    if (this.accept('LIKE')) {
      const pattern = this.value()
      return done({ ...node, kind: 'like', value, pattern, escape: this.accept('ESCAPE') ? this.value() : undefined })
    }
    if (!this.isWord('IN')) return undefined
    this.take()
    if (this.startsQuery(0)) return done({ ...node, kind: 'inQuery', value, query: this.parenthesisedQuery() })
    this.expect('(')
    const list = this.list(() => this.expression())
    this.expect(')')
    return done({ ...node, kind: 'in', value, list })
  }

  /** What may stand on either side of a comparison. */
  protected value(): Expression {
    return this.binary(['||'], () => this.binary(['+', '-'], () => this.binary(['*', '/', '%'], () => this.signed())))
  }

  private binary(operators: string[], next: () => Expression): Expression {
    let left = next()
    while (this.token.kind === 'symbol' && operators.includes(this.token.text)) {
      const { text, at: operatorAt } = this.take()
      const right = next()
      left = { kind: 'arithmetic', operator: text as '+', left, right, operatorAt, at: left.at, end: this.lastEnd }
    }
    return left
  }

  private signed(): Expression {
    const at = this.token.at
    if (this.isSymbol('-') || this.isSymbol('+')) {
      const operator = this.take().text as '-'
      return { kind: 'sign', operator, value: this.signed(), at, end: this.lastEnd }
    }
    let value = this.postfix()
    while (this.areNext('AT', 'TIME', 'ZONE')) {
      this.expect('AT', 'TIME', 'ZONE')
      value = { kind: 'atTimeZone', value, zone: this.postfix(), at, end: this.lastEnd }
    }
    return value
  }

  private postfix(): Expression {
    let base = this.primary()
    for (;;) {
      if (this.isSymbol('[')) {
        this.take()
        const index = this.value()
        this.expect(']')
        base = { kind: 'subscript', base, index, at: base.at, end: this.lastEnd }
      } else if (this.isSymbol('.') && this.isName(this.look())) {
        this.take()
        base = { kind: 'field', base, name: this.name(), at: base.at, end: this.lastEnd }
        if (this.isSymbol('(')) base = this.qualifiedCall(base)
      } else return base
    }
  }

  private qualifiedCall(base: Expression): Expression {
    return this.call(this.sql.slice(base.at, base.end).toLowerCase(), base.at)
  }

  private primary(): Expression {
    const token = this.token
    const { at } = token
    const literal = this.literal()
    if (literal) return literal
    if (this.isSymbol('(')) return this.parenthesised()
    if (this.isSymbol('[')) return this.array()
    if (token.kind === 'word') {
      const special = this.special()
      if (special) return special
    }
    if (!this.isName()) this.mismatch('<expression>')
    if (this.look().text === '->' && this.look().kind === 'symbol') return this.lambda([this.name()], at)
    const name = this.name()
    if (this.isSymbol('(')) return this.call(name.name.toLowerCase(), at)
    return { kind: 'name', name: name.name, at, end: name.end }
  }

  private parenthesised(): Expression {
    const at = this.token.at
    if (this.startsQuery(0)) {
      const query = this.parenthesisedQuery()
      return { kind: 'subquery', query, at, end: this.lastEnd }
    }
    if (this.startsLambda()) {
      this.expect('(')
      const parameters = this.isSymbol(')') ? [] : this.list(() => this.name())
      this.expect(')')
      return this.lambda(parameters, at)
    }
    this.expect('(')
    const fields = this.list(() => this.expression())
    this.expect(')')
    if (fields.length > 1) return { kind: 'row', fields, at, end: this.lastEnd }
    return { ...fields[0]!, at, end: this.lastEnd }
  }

  /** Whether `(a, b) ->` stands here. */
  private startsLambda(): boolean {
    let i = 1
    while (this.isName(this.look(i)) && this.look(i + 1).text === ',') i += 2
    if (this.isName(this.look(i))) i++
    return this.look(i).text === ')' && this.look(i + 1).text === '->'
  }

  private lambda(parameters: import('./ast.ts').Name[], at: number): Expression {
    this.expect('->')
    return { kind: 'lambda', parameters, body: this.expression(), at, end: this.lastEnd }
  }

  /** After the name: arguments, ORDER BY inside, WITHIN GROUP, FILTER, NULLS, OVER. */
  protected call(name: string, at: number): Call {
    const call: Call = { kind: 'call', name, nameAt: at, star: false, arguments: [], distinct: false, orderBy: [], at, end: at }
    this.expect('(')
    if (this.accept('*')) call.star = true
    else if (!this.isSymbol(')')) {
      if (this.accept('DISTINCT')) call.distinct = true
      else this.accept('ALL')
      if (!this.isWord('ORDER')) call.arguments = this.list(() => this.expression())
      if (this.isWord('ORDER')) call.orderBy = this.orderBy()
    }
    this.expect(')')
    return this.callSuffix(call)
  }

  protected callSuffix(call: Call): Call {
    if (this.accept('FILTER')) {
      this.expect('(', 'WHERE')
      call.filter = this.expression()
      this.expect(')')
    }
    if (this.accept('IGNORE', 'NULLS')) call.ignoreNulls = true
    else if (this.accept('RESPECT', 'NULLS')) call.ignoreNulls = false
    if (this.accept('OVER')) call.over = this.isSymbol('(') ? this.window() : this.windowName()
    call.end = this.lastEnd
    return call
  }

  private windowName(): Window {
    const name = this.name()
    return { name, bare: true, partitionBy: [], orderBy: [], at: name.at, end: name.end }
  }

  protected window(): Window {
    const window: Window = { partitionBy: [], orderBy: [], at: this.token.at, end: 0 }
    this.expect('(')
    if (this.isName() && !this.isWord('PARTITION', 'ROWS', 'RANGE', 'GROUPS')) window.name = this.name()
    if (this.accept('PARTITION', 'BY')) window.partitionBy = this.list(() => this.expression())
    if (this.isWord('ORDER')) window.orderBy = this.orderBy()
    if (this.isWord('ROWS', 'RANGE', 'GROUPS')) window.frame = this.frame()
    this.expect(')')
    window.end = this.lastEnd
    return window
  }

  protected orderBy(): SortItem[] {
    this.expect('ORDER', 'BY')
    return this.list(() => {
      const value = this.expression()
      const descending = this.accept('DESC') || (this.accept('ASC') && false)
      const nullsFirst = this.accept('NULLS', 'FIRST') || (this.accept('NULLS', 'LAST') && false)
      return { value, descending, nullsFirst, at: value.at, end: this.lastEnd }
    })
  }

  /** Whether a `(` stands `ahead` tokens from here and a query begins right inside (further parentheses may come first). */
  protected startsQuery(ahead: number): boolean {
    if (this.look(ahead).text !== '(' || this.look(ahead).kind !== 'symbol') return false
    let i = ahead + 1
    while (this.look(i).kind === 'symbol' && this.look(i).text === '(') i++
    const first = this.look(i)
    if (first.kind !== 'word' || !['SELECT', 'WITH', 'VALUES', 'TABLE'].includes(first.text)) return false
    return i === ahead + 1 || this.tryQuery(ahead)
  }

  /** `((SELECT 1) + 1)` begins like a query and is none: tries it. */
  private tryQuery(ahead: number): boolean {
    const index = this.index
    const known = this.tried.get(index + ahead)
    if (known !== undefined) return known
    this.index += ahead
    const found = this.tryTo(() => this.parenthesisedQuery()) !== undefined
    this.index = index
    this.tried.set(index + ahead, found)
    return found
  }

  protected parenthesisedQuery(): Query {
    this.expect('(')
    const query = this.query()
    this.expect(')')
    return query
  }
}
