import type { Asked } from '../base/access.ts'
import type { RelationName } from './relation-name.ts'

/** One mention of a relation in a statement, with the columns it is found to be read by. */
export class RelationUse {
  readonly relation: RelationName
  /** Stands in FROM: the right on at least one column is needed, though none may be read. */
  readonly isSource: boolean
  /** What the client asked for, where it is reached through that. */
  readonly asked: Asked | undefined
  readonly columns = new Set<string>()
  isWhole = false

  constructor(relation: RelationName, isSource: boolean, asked?: Asked) {
    this.relation = relation
    this.isSource = isSource
    this.asked = asked
  }

  read(column: string): void {
    this.columns.add(column)
  }

  readWhole(): void {
    this.isWhole = true
  }

  get isRead(): boolean {
    return this.isSource || this.isWhole || this.columns.size > 0
  }
}
