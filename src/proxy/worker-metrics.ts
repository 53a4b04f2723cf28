import { AggregatorRegistry, type Registry } from 'prom-client'
import type { MetricSnapshot } from './worker-calls.ts'

/**
 * The metrics of all processes of a proxy as one: sums, mostly. What a worker had counted when somebody last looked
 * stays counted when it dies, so that no counter goes down.
 */
export class WorkerMetrics {
  /** By worker, those of now. */
  readonly #last = new Map<number, MetricSnapshot>()
  #departed: MetricSnapshot = []

  /** `snapshots`: what each worker answered; undefined where it did not in time, and its last one counts. */
  async text(own: Registry, snapshots: ReadonlyMap<number, MetricSnapshot | undefined>): Promise<string> {
    for (const [id, snapshot] of snapshots) if (snapshot) this.#last.set(id, snapshot)
    const all = [await own.getMetricsAsJSON(), this.#departed, ...this.#last.values()]
    return AggregatorRegistry.aggregate(all).metrics()
  }

  async leave(id: number): Promise<void> {
    const last = this.#last.get(id)
    this.#last.delete(id)
    if (last === undefined) return
    const counted = last.filter(({ type }) => isCounter(type))
    this.#departed = await AggregatorRegistry.aggregate([this.#departed, counted]).getMetricsAsJSON()
  }
}

/** `getMetricsAsJSON` gives the type as text, whatever its declaration says. */
function isCounter(type: unknown): boolean {
  return type === 'counter' || type === 'histogram'
}
