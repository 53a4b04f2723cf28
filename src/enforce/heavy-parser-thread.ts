import { parentPort } from 'node:worker_threads'
import { parseCatalog } from '../catalog/load-catalog.ts'
import { analyse, loadParser } from '../sql/analyse.ts'
import type { Catalog } from '../sql/catalog.ts'
import { indexCatalog, namesOnlyCatalog, withTemporary } from '../sql/catalog-index.ts'
import { type AnswerPiece, piecesOf } from './heavy-answer.ts'
import type { HeavyAnswer, HeavyQuestion, HeavyRequest } from './heavy-parser.ts'
import { fingerprintOf } from './sql-fingerprint.ts'
import { quickText } from './statement-text.ts'

/** The far end of HeavyParser: answers one question after another, piece by piece as each is asked for. */
const port = parentPort
let catalog: Catalog = namesOnlyCatalog()
let pieces: Iterator<AnswerPiece> | undefined

const answer = (message: HeavyAnswer) => port?.postMessage(message)

port?.on('message', (request: HeavyRequest) => {
  if ('more' in request) {
    answerPiece(request.more)
    return
  }
  if (request.catalog) {
    const { json, searchPath } = request.catalog
    catalog = json === undefined ? namesOnlyCatalog(searchPath) : indexCatalog(parseCatalog(json), searchPath)
  }
  // The parser may just have thrown its module away: it is back after this.
  void loadParser().then(() => answerTo(request))
})

function answerTo({ id, sql: given, temporary }: HeavyQuestion): void {
  const sql = typeof given === 'string' ? given : quickText(Buffer.from(given.buffer))
  const analysis = analyse(sql, withTemporary(catalog, temporary), { allowHeavy: true })
  if (!analysis.ok) {
    answer({ id, analysis })
    return
  }
  pieces = piecesOf(analysis)
  answer({ id, analysis: { ...analysis, statements: [] }, fingerprint: fingerprintOf(sql) })
}

function answerPiece(id: number): void {
  const next = pieces?.next()
  answer({ id, piece: next?.done === false ? next.value : undefined })
}

await loadParser()
answer({ ready: true })
