import type { Adapter, AdapterFactory, AdapterPayload } from 'oidc-provider'
import { type Clock, nowSeconds } from '../base/clock.ts'

/** What the issuer remembers: codes, tokens, sessions and grants, in memory, gone with the object. */
export function memoryStore(clock: Clock): AdapterFactory {
  const entries = new Map<string, { payload: AdapterPayload; expiresAtMs: number }>()

  const read = (key: string): AdapterPayload | undefined => {
    const entry = entries.get(key)
    if (entry === undefined) return undefined
    if (entry.expiresAtMs > clock.nowMs()) return entry.payload
    entries.delete(key)
    return undefined
  }
  const find = (model: string, matches: (payload: AdapterPayload) => boolean): AdapterPayload | undefined => {
    for (const key of entries.keys()) {
      const payload = key.startsWith(`${model}:`) ? read(key) : undefined
      if (payload && matches(payload)) return payload
    }
    return undefined
  }

  return (model): Adapter => ({
    async upsert(id, payload, expiresInSeconds) {
      const lifetimeMs = expiresInSeconds === undefined ? Number.POSITIVE_INFINITY : expiresInSeconds * 1000
      entries.set(`${model}:${id}`, { payload, expiresAtMs: clock.nowMs() + lifetimeMs })
    },
    async find(id) {
      return read(`${model}:${id}`)
    },
    async findByUserCode(userCode) {
      return find(model, (payload) => payload.userCode === userCode)
    },
    async findByUid(uid) {
      return find(model, (payload) => payload.uid === uid)
    },
    async consume(id) {
      const payload = read(`${model}:${id}`)
      if (payload) payload.consumed = nowSeconds(clock)
    },
    async destroy(id) {
      entries.delete(`${model}:${id}`)
    },
    async revokeByGrantId(grantId) {
      for (const [key, { payload }] of entries) {
        if (payload.grantId === grantId) entries.delete(key)
      }
    },
  })
}
