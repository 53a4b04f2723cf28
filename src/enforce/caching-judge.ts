import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import { quoteName } from '../base/sql-name.ts'
import { decide, decisionOf, judge, scopesThatAllow } from '../policy/decide.ts'
import type { AccessVerdict, Decision } from '../policy/decision.ts'
import type { Grants } from '../policy/grants.ts'
import { isObserving } from '../policy/policy-file.ts'
import { analyse } from '../sql/analyse.ts'
import type { Analysis, SessionRelation, StatementAnalysis } from '../sql/analysis.ts'
import type { Catalog } from '../sql/catalog.ts'
import { withTemporary } from '../sql/catalog-index.ts'
import { isHeavy } from '../sql/heaviness.ts'
import { AnalysisCache, type CachedAnalysis, type GoodAnalysis } from './analysis-cache.ts'
import type { CatalogSource } from './catalog-source.ts'
import { HeavyParser } from './heavy-parser.ts'
import type { Judge, JudgedFor, JudgedStatement, Judgement, ParsedJudgement } from './judge.ts'
import { JudgingTally } from './judging-tally.ts'
import { LARGE_OBJECT_FUNCTIONS } from './large-object-functions.ts'
import type { JudgedUnder } from './prepared.ts'
import { fingerprintOf } from './sql-fingerprint.ts'
import { anotherTurn, largeCopy } from './statement-text.ts'
import type { TextPattern } from './text-pattern.ts'

export interface JudgeOptions {
  readonly catalog: CatalogSource
  readonly clock: Clock
  readonly log: Log
  /** `limits.parse_deadline`. */
  readonly parseDeadlineMs: number
  /** The bound on what is remembered of texts, per database. */
  readonly cacheBytes?: number
  /** Where it counts; of its own where nobody asks. */
  readonly tally?: JudgingTally | undefined
}

const CACHE_BYTES = 32 * 1024 * 1024
/** A session with temporary tables has a cache of its own. */
const OWN_CACHE_BYTES = 1024 * 1024
/** A denial that may be due to an old catalog is decided again on a new one, at most so often, whatever it names. */
const MIN_REFRESH_MS = 1000
/** Statements and accesses that are decided in one go: a few milliseconds. */
const THINGS_A_TURN = 1000
const QUICK_THINGS_A_TURN = 20_000

/**
 * The judge of one database: analyses each text once per catalog, decides it once per set of grants, and remembers
 * both. `loadParser` has to have been awaited.
 */
export function createJudge(options: JudgeOptions): Judge & { close(): void } {
  return new CachingJudge(options)
}

class CachingJudge implements Judge {
  readonly catalog: CatalogSource
  readonly tally: JudgingTally
  readonly #clock: Clock
  readonly #cacheBytes: number
  readonly #heavy: HeavyParser
  #cacheOf: Catalog | undefined
  #cache: AnalysisCache
  /** What sessions with temporary tables see; by the list itself, which is another once it changed. */
  readonly #own = new WeakMap<readonly SessionRelation[], { base: Catalog; seen: Catalog; cache: AnalysisCache }>()

  constructor({ catalog, clock, log, parseDeadlineMs, cacheBytes = CACHE_BYTES, tally }: JudgeOptions) {
    this.catalog = catalog
    this.tally = tally ?? new JudgingTally()
    this.#clock = clock
    this.#cacheBytes = cacheBytes
    this.#cache = new AnalysisCache(cacheBytes)
    this.#heavy = new HeavyParser({ clock, log, deadlineMs: parseDeadlineMs, tally: this.tally })
  }

  judge(sql: string, session: JudgedFor): Judgement | Promise<Judgement> {
    const { grants, temporary } = session
    if (!this.catalog.isLoaded) return this.catalog.refresh().then(() => this.#judgeOnce(sql, grants, temporary))
    const found = this.#find(sql, temporary)
    if (found) return this.#decided(found, sql, grants, temporary)
    if (isHeavy(sql)) return this.#judgeHeavy(sql, grants, temporary)
    const { seen, cache } = this.#view(temporary)
    const analysis = this.#analyse(sql, seen)
    if (!analysis.ok) return unparsable(analysis)
    return this.#decided(cache.add(sql, analysis), sql, grants, temporary)
  }

  async judgeLarge(sql: Buffer, { grants, temporary }: JudgedFor): Promise<Judgement> {
    this.tally.cache.misses++
    const bytes = await largeCopy(sql)
    if (!this.catalog.isLoaded) await this.catalog.refresh()
    return this.#judgeHeavy(bytes, grants, temporary)
  }

  known(sql: string, { grants, temporary }: JudgedFor): ParsedJudgement | undefined {
    if (!this.catalog.isLoaded || grants.policy.mode === 'observe') return undefined
    const found = this.#view(temporary).cache.find(sql)
    const judgement = found && this.#decidedNow(found, grants, temporary)
    if (found === undefined || judgement === undefined || !judgement.allowed) return undefined
    const leans = found.analysis.leansOnCatalog || judgement.distinct.some(({ decision }) => decision.byColumns)
    return leans && this.catalog.stale ? undefined : judgement
  }

  patternOf(sql: string, { temporary }: JudgedFor): TextPattern | undefined {
    return this.#view(temporary).cache.find(sql)?.pattern
  }

  holdsStill(under: JudgedUnder, analysis: unknown, { grants, temporary: own }: JudgedFor): boolean {
    if (under.grants !== grants || grants.policy.mode === 'observe') return false
    if (under.own !== own && under.own.length + own.length > 0) return false
    return analysis === undefined || (under.catalog === this.catalog.current && !this.catalog.stale)
  }

  functionCallText(oid: number, argumentCount: number): string | undefined {
    const builtIn = LARGE_OBJECT_FUNCTIONS.get(oid)
    const found = builtIn === undefined ? this.catalog.current.functionByOid(oid) : undefined
    const { schema, name } = found ?? { schema: 'pg_catalog', name: builtIn }
    if (name === undefined) return undefined
    const parameters = Array.from({ length: argumentCount }, (_, at) => `$${at + 1}`)
    return `SELECT ${quoteName(schema)}.${quoteName(name)}(${parameters.join(', ')})`
  }

  fingerprint(sql: string): string {
    return fingerprintOf(sql)
  }

  missingScopes(decision: ParsedJudgement['statements'][number]['decision'], grants: Grants): readonly string[] {
    const denied = decision.verdicts.find((verdict) => !verdict.allowed)
    return denied ? scopesThatAllow(grants.policy, denied.access) : []
  }

  close(): void {
    this.#heavy.close()
  }

  #find(sql: string, temporary: readonly SessionRelation[]): CachedAnalysis | undefined {
    const found = this.#view(temporary).cache.find(sql)
    if (found === undefined) this.tally.cache.misses++
    else this.tally.cache.hits++
    return found
  }

  #analyse(sql: string, seen: Catalog): Analysis {
    const startedAt = performance.now()
    const analysis = analyse(sql, seen)
    this.tally.onAnalysed(performance.now() - startedAt)
    return analysis
  }

  async #judgeHeavy(
    sql: string | Uint8Array<ArrayBuffer>,
    grants: Grants,
    temporary: readonly SessionRelation[],
  ): Promise<Judgement> {
    if (this.catalog.stale) await this.catalog.refresh()
    const { current, json } = this.catalog
    const found = await this.#heavy.analyse({ sql, json, searchPath: current.searchPath, temporary })
    if (!('fingerprint' in found)) return unparsable(found.analysis)
    const { analysis, fingerprint } = found
    const judgement = await this.#decidedInTurns(analysis, { grants, catalog: current, own: temporary }, fingerprint)
    // The catalog may be another by now: then the answer is not for keeping, and is asked again when it is used.
    if (this.catalog.current !== current || typeof sql !== 'string') return judgement
    const kept = this.#view(temporary).cache.add(sql, analysis)
    if (grants.policy.mode !== 'observe') kept.keep(grants, judgement)
    return judgement
  }

  /** As `#decide`, of what may be statements without number: some at a time, others have their turn in between. */
  async #decidedInTurns(analysis: GoodAnalysis, under: JudgedUnder, fingerprint: string): Promise<ParsedJudgement> {
    const { grants } = under
    const observing = isObserving(grants.policy, this.#clock.nowMs())
    const decided = new Map<unknown, Decision>()
    const judged = new Map<StatementAnalysis, JudgedStatement & { times: number }>()
    const statements: JudgedStatement[] = []
    let last: (JudgedStatement & { times: number }) | undefined
    let things = 0
    for (const one of analysis.statements) {
      // The same one again, which is quick.
      if (last?.analysis !== one) last = judged.get(one)
      if (last !== undefined) {
        last.times++
        statements.push(last)
        if (++things % QUICK_THINGS_A_TURN === 0) await anotherTurn()
        continue
      }
      let decision = one.refusal === undefined ? decided.get(one.accesses) : undefined
      if (decision === undefined) {
        const verdicts: AccessVerdict[] = []
        for (const access of one.accesses) {
          verdicts.push(judge(access, grants))
          if (++things % THINGS_A_TURN === 0) await anotherTurn()
        }
        decision = decisionOf(one, verdicts, observing)
        if (one.refusal === undefined) decided.set(one.accesses, decision)
      }
      last = { analysis: one, decision, times: 1 }
      judged.set(one, last)
      statements.push(last)
      if (++things % THINGS_A_TURN === 0) await anotherTurn()
    }
    await anotherTurn()
    const judgement = judgementOf(statements, [...judged.values()], observing, under)
    // What follows goes through all of them once more.
    await anotherTurn()
    return { ...judgement, fingerprint }
  }

  /** The decision on an analysis, once the catalog it leans on is young enough. */
  #decided(
    found: CachedAnalysis,
    sql: string,
    grants: Grants,
    temporary: readonly SessionRelation[],
  ): Judgement | Promise<Judgement> {
    const judgement = this.#decidedNow(found, grants, temporary)
    const isByColumns = judgement.distinct.some(({ decision }) => decision.byColumns)
    // What is denied waits whatever it names, so that the time taken tells known from unknown for nobody.
    if (judgement.allowed && !found.analysis.leansOnCatalog && !isByColumns) return judgement
    const { catalog } = this
    const isDoubtful = !judgement.allowed && this.#clock.nowMs() - catalog.asOfMs > MIN_REFRESH_MS
    if (!catalog.stale && !isDoubtful) return judgement
    return catalog.refresh().then(() => this.#judgeOnce(sql, grants, temporary))
  }

  /** As `judge`, on the catalog of now, however soon that is marked stale again. */
  #judgeOnce(sql: string, grants: Grants, temporary: readonly SessionRelation[]): Judgement | Promise<Judgement> {
    const found = this.#find(sql, temporary)
    if (found) return this.#decidedNow(found, grants, temporary)
    if (isHeavy(sql)) return this.#judgeHeavy(sql, grants, temporary)
    const { seen, cache } = this.#view(temporary)
    const analysis = this.#analyse(sql, seen)
    return analysis.ok ? this.#decidedNow(cache.add(sql, analysis), grants, temporary) : unparsable(analysis)
  }

  #decidedNow(found: CachedAnalysis, grants: Grants, own: readonly SessionRelation[]): ParsedJudgement {
    // While a policy observes, its date decides too.
    const isSteady = grants.policy.mode !== 'observe'
    const known = isSteady ? found.judgement(grants) : undefined
    if (known) return known
    const judgement = this.#decide(found.analysis, grants, this.catalog.current, own)
    if (isSteady) found.keep(grants, judgement)
    return judgement
  }

  #decide(
    analysis: Analysis & { readonly ok: true },
    grants: Grants,
    catalog: Catalog,
    own: readonly SessionRelation[],
  ): ParsedJudgement {
    const observing = isObserving(grants.policy, this.#clock.nowMs())
    const statements = analysis.statements.map((one) => ({ analysis: one, decision: decide(one, grants, observing) }))
    return judgementOf(statements, statements, observing, { grants, catalog, own })
  }

  /** The catalog as a session sees it, and the cache for it. */
  #view(temporary: readonly SessionRelation[]): { seen: Catalog; cache: AnalysisCache } {
    const base = this.catalog.current
    if (temporary.length === 0) {
      if (this.#cacheOf !== base) {
        this.#cacheOf = base
        this.#cache = new AnalysisCache(this.#cacheBytes)
      }
      return { seen: base, cache: this.#cache }
    }
    const own = this.#own.get(temporary)
    if (own?.base === base) return own
    const made = { base, seen: withTemporary(base, temporary), cache: new AnalysisCache(OWN_CACHE_BYTES) }
    this.#own.set(temporary, made)
    return made
  }
}

function judgementOf(
  statements: readonly JudgedStatement[],
  distinct: readonly JudgedStatement[],
  observing: boolean,
  under: JudgedUnder,
): ParsedJudgement {
  return {
    kind: 'parsed',
    statements,
    distinct,
    allowed: distinct.every(({ decision }) => decision.allowed),
    observing,
    observed: distinct.some(({ decision }) => decision.observed),
    under,
  }
}

function unparsable(analysis: Analysis & { readonly ok: false }): Judgement {
  const { code, message, position } = analysis
  return { kind: 'unparsable', code, message, ...(position !== undefined && { position }) }
}
