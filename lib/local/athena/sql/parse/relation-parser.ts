import { QueryError } from '../error.ts'
import type { Expression, Name, Relation } from './ast.ts'
import { ExpressionParser } from './expression-parser.ts'
import { positionOf } from './tokens.ts'

/** What may follow a table in FROM. */
export const AFTER_RELATION =
  `'(', ',', 'CROSS', 'EXCEPT', 'FETCH', 'FULL', 'GROUP', 'HAVING', 'INNER', 'INTERSECT', 'JOIN', 'LEFT', 'LIMIT',
'MATCH_RECOGNIZE', 'NATURAL', 'OFFSET', 'ORDER', 'RIGHT', 'TABLESAMPLE', 'UNION', 'WHERE', 'WINDOW', <EOF>`.replace('\n', ' ')

/** Trino's grammar of FROM: tables, joins, UNNEST, LATERAL, samples. */
export abstract class RelationParser extends ExpressionParser {
  protected qualifiedName(): Name[] {
    const parts = [this.name()]
    while (this.isSymbol('.') && this.isName(this.look())) {
      this.take()
      parts.push(this.name())
    }
    return parts
  }

  /** `a, b` is a cross join. */
  protected relations(): Relation {
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
    if (this.isWord('MATCH_RECOGNIZE') && this.look().text === '(')
      throw new QueryError('NOT_SUPPORTED', 'MATCH_RECOGNIZE is not supported', { at: positionOf(this.sql, this.token.at) })
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
