import { parentPort } from 'node:worker_threads'
import { parseCatalog } from '../catalog/load-catalog.ts'
import { analyse, loadParser } from '../sql/analyse.ts'
import type { Catalog } from '../sql/catalog.ts'
import { indexCatalog, namesOnlyCatalog, withTemporary } from '../sql/catalog-index.ts'
import type { HeavyAnswer, HeavyQuestion } from './heavy-parser.ts'

/** The far end of HeavyParser: answers one question after another. */
const port = parentPort
let catalog: Catalog = namesOnlyCatalog()

const answer = (message: HeavyAnswer) => port?.postMessage(message)

port?.on('message', (question: HeavyQuestion) => {
  if (question.catalog) {
    const { json, searchPath } = question.catalog
    catalog = json === undefined ? namesOnlyCatalog(searchPath) : indexCatalog(parseCatalog(json), searchPath)
  }
  const seen = withTemporary(catalog, question.temporary)
  // The parser may just have thrown its module away: it is back after this.
  void loadParser().then(() => answer({ id: question.id, analysis: analyse(question.sql, seen, { allowHeavy: true }) }))
})
await loadParser()
answer({ ready: true })
