import type { IncomingMessage } from 'node:http'
import { type HttpAnswer, json, text } from './http-listener.ts'
import type { Ratio, Readiness } from './readiness.ts'

/** What a registry of prom-client gives; several workers' is put together for each request. */
export interface MetricsText {
  readonly contentType: string
  metrics(): Promise<string>
}

export interface ProbeParts {
  readonly metrics: { readonly registry: MetricsText }
  readonly readiness: { look(): Promise<Readiness> }
  readonly isDraining: () => boolean
}

/** Answers /healthz, /readyz and /metrics, and nothing else. */
export async function answerProbe(
  { url = '', method }: Pick<IncomingMessage, 'url' | 'method'>,
  { metrics, readiness, isDraining }: ProbeParts,
): Promise<HttpAnswer> {
  const path = url.replace(/\?.*/s, '')
  if (!['/healthz', '/readyz', '/metrics'].includes(path)) return text(404, 'not found')
  if (method !== 'GET' && method !== 'HEAD') return text(405, 'GET only')
  if (path === '/healthz') return text(200, 'ok')
  if (path === '/metrics') {
    return { status: 200, type: metrics.registry.contentType, body: await metrics.registry.metrics() }
  }
  if (isDraining()) return json(503, { ready: false, draining: true })
  const { isReady, issuers, databases } = await readiness.look()
  const count = (ratio: Ratio | undefined) => ratio && `${ratio[0]}/${ratio[1]}`
  return json(isReady ? 200 : 503, { ready: isReady, issuers: count(issuers), databases: count(databases) })
}
