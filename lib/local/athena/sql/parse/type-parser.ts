import type { TypeNode } from './ast.ts'
import { Cursor } from './cursor.ts'

/** Trino's grammar of types, `array<varchar>` and `double precision` included. */
export class TypeParser extends Cursor {
  type(): TypeNode {
    let type = this.baseType()
    while (this.isWord('ARRAY')) {
      this.take()
      type = { name: 'array', arguments: [type], at: type.at, end: this.lastEnd }
    }
    return type
  }

  private baseType(): TypeNode {
    const at = this.token.at
    const name = this.name().name.toLowerCase()
    const node: TypeNode = { name, arguments: [], at, end: at }
    if (name === 'row') this.rowFields(node)
    else if (name === 'interval') {
      const from = this.take().text.toLowerCase()
      this.expect('TO')
      node.name = `interval ${from} to ${this.take().text.toLowerCase()}`
    } else if (name === 'double') this.accept('PRECISION')
    else if (this.accept('<')) {
      node.arguments = this.list(() => this.type())
      this.expect('>')
    } else if (this.accept('(')) {
      node.arguments = this.list(() => (this.token.kind === 'integer' ? this.take().text : this.type()))
      this.expect(')')
    }
    if (name === 'time' || name === 'timestamp') {
      if (this.accept('WITH', 'TIME', 'ZONE')) node.name += ' with time zone'
      else this.accept('WITHOUT', 'TIME', 'ZONE')
    }
    node.end = this.lastEnd
    return node
  }

  private rowFields(node: TypeNode): void {
    this.expect('(')
    node.fieldNames = []
    node.arguments = this.list(() => {
      const named = this.tryTo(() => {
        const name = this.name()
        return this.isSymbol(',') || this.isSymbol(')') || this.isSymbol('(') ? undefined : { name: name.name, type: this.type() }
      })
      node.fieldNames!.push(named?.name)
      return named?.type ?? this.type()
    })
    this.expect(')')
  }
}
