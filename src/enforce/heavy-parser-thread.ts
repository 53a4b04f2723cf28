import { parentPort } from 'node:worker_threads'
import { parseCatalog } from '../catalog/load-catalog.ts'
import { analyse, loadParser } from '../sql/analyse.ts'
import type { Analysis } from '../sql/analysis.ts'
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
  void loadParser().then(() => {
    const analysis = analyse(question.sql, seen, { allowHeavy: true })
    answer({ id: question.id, analysis: analysis.ok ? withSharedParts(analysis) : analysis })
  })
})

/** What many statements have in common is handed over once, and is the same object on the other side. */
function withSharedParts(analysis: Analysis & { readonly ok: true }): Analysis {
  if (analysis.statements.length === 1) return analysis
  const known = new Map<string, unknown>()
  const shared = <T>(part: T): T => {
    const key = JSON.stringify(part)
    const first = known.get(key)
    if (first === undefined) known.set(key, part)
    return (first ?? part) as T
  }
  const statements = analysis.statements.map((one) => ({
    ...one,
    accesses: shared(one.accesses),
    effects: shared(one.effects),
  }))
  return { ...analysis, statements }
}

await loadParser()
answer({ ready: true })
