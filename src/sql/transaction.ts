import type { SessionEffects } from './analysis.ts'
import type { Tree } from './parser.ts'
import { needAll } from './statement.ts'
import type { Walk } from './walk.ts'

const KINDS: Readonly<Record<string, NonNullable<SessionEffects['transaction']>>> = {
  TRANS_STMT_BEGIN: 'begin',
  TRANS_STMT_START: 'begin',
  TRANS_STMT_COMMIT: 'commit',
  TRANS_STMT_ROLLBACK: 'rollback',
  TRANS_STMT_SAVEPOINT: 'savepoint',
  TRANS_STMT_RELEASE: 'release',
  TRANS_STMT_ROLLBACK_TO: 'rollback-to',
}

/** Transaction control is free; two-phase commit needs `all`. */
export function analyseTransaction(walk: Walk, body: Tree): void {
  const kind = KINDS[String(body.kind)]
  walk.collector.plain = false
  if (kind === undefined) {
    needAll(walk)
    walk.collector.effects.transaction = 'two-phase'
    return
  }
  walk.touchEverything()
  walk.collector.effects.transaction = kind
  if (body.chain) walk.collector.effects.chain = true
}
