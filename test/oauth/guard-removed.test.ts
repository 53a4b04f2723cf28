import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isNoticedBy, type Mutation, replacing, withoutCalls } from '../support/mutants.ts'

// Each guard around keys, introspection and issuer calls, taken away for real: its tests have to fail without it.
const HTTP = 'src/oauth/issuer-http.js'
const KEYS = 'src/oauth/jwks-keys.js'
const BREAKER = 'src/oauth/introspection-breaker.js'
const CACHE = 'src/oauth/verify-cache.js'
const MEMORY = 'src/oauth/verify-memory.js'
const WATCH = 'src/oauth/revocation-watch.js'

const GUARDS: Readonly<Record<string, readonly Mutation[]>> = {
  'test/oauth/issuer-http.test.js': [
    ...withoutCalls([HTTP], 'fail'),
    replacing(HTTP, "redirect: 'manual'", "redirect: 'follow'"),
    replacing(HTTP, "redirect: 'manual', signal", "redirect: 'manual'"),
    replacing(HTTP, "'accept-encoding': 'identity', ", ''),
    replacing(HTTP, 'to.origin !== new URL(from).origin', 'to.hostname !== new URL(from).hostname'),
    replacing(HTTP, 'status >= 500 || status === 429', 'status >= 500'),
  ],
  'test/oauth/jwks-keys.test.js': [
    ...withoutCalls([KEYS], 'fail'),
    replacing(KEYS, 'this.#pending ??= this.#fetchNow()', 'this.#pending = this.#fetchNow()'),
    replacing(KEYS, 'this.#forcedLeft--;', ''),
    replacing(
      KEYS,
      'Math.abs(this.#options.clock.nowMs() - this.#fetchedAtMs)',
      '(this.#options.clock.nowMs() - this.#fetchedAtMs)',
    ),
    replacing(KEYS, ' || clock.nowMs() - this.#failedAtMs < FORCED_FETCH_INTERVAL_MS', ''),
    replacing(KEYS, ' || text !== this.#text', ''),
    replacing(KEYS, 'this.#resolve === undefined || text !== this.#text', 'true'),
    replacing(KEYS, 'return this.#resolve === known;', 'return true;'),
    replacing(KEYS, 'if (this.#ageMs() >= STALE_MS)\n            return false;', ''),
    replacing(KEYS, "if (key?.d !== undefined)\n        return 'a private key';", ''),
    replacing(KEYS, 'bits < MIN_RSA_BITS ?', 'false ?'),
    replacing(KEYS, 'keys.filter((key) => {', '[...keys].filter((key) => { return true;'),
  ],
  'test/oauth/introspection-breaker.test.js': [
    replacing(BREAKER, 'this.#isTrying || ', ''),
    replacing(BREAKER, 'this.#failures = 0;\n            return value;', 'return value;'),
    replacing(BREAKER, 'if (!isFailure(error))', 'if (false)'),
    replacing(BREAKER, 'this.#openedAtMs = this.#clock.nowMs();', ';'),
    replacing(BREAKER, 'this.#isTrying = false;\n        }', '}'),
    replacing(BREAKER, 'Math.abs(', '('),
  ],
  'test/oauth/verify-cache.test.js': [
    replacing(CACHE, 'untilMs <= nowMs || ', ''),
    replacing(CACHE, 'checked.token.identity.expiresAtSeconds * 1000 <= nowMs', 'false'),
    replacing(CACHE, 'stillHolds?.() ?? true', 'true'),
    replacing(CACHE, '!checked.ok && checked.isUnavailable', 'false'),
    replacing(CACHE, 'Math.min(keepMs, REFUSAL_MS)', 'keepMs'),
    replacing(MEMORY, 'this.#entries.size <= maxEntries && ', ''),
    replacing(MEMORY, ' && this.#weight <= maxWeight', ''),
    replacing(MEMORY, 'this.#weight -= ', ''),
    replacing(CACHE, 'if (other)\n            return other.checked;', ''),
    replacing(CACHE, 'if (!started.isOutdated)', ''),
    replacing(CACHE, 'running.delete(key);', ''),
    replacing(CACHE, 'new BoundedMemory(REFUSED_BOUNDS)', 'this.#good'),
  ],
  'test/oauth/revocation-watch.test.js': [
    replacing(WATCH, '!verdict.ok && verdict.isUnavailable', 'false'),
    replacing(WATCH, 'now.subject !== before.subject', 'false'),
    replacing(WATCH, 'lost.length === 0', 'true'),
    replacing(WATCH, 'if (!isExpired)', 'if (true)'),
    replacing(WATCH, ' || logout.untilMs <= nowMs', ''),
    replacing(WATCH, "typeof iat !== 'number' || ", ''),
    replacing(WATCH, 'iat <= logout.atSeconds', 'iat < logout.atSeconds'),
    replacing(
      WATCH,
      'Math.max(logout.issuedAtSeconds, this.#logouts.get(key)?.atSeconds ?? 0)',
      'logout.issuedAtSeconds',
    ),
    replacing(WATCH, ' && this.#logouts.size <= MAX_LOGOUTS', ''),
    replacing(WATCH, 'running.watchers.add(watcher);\n            return;', ''),
    replacing(WATCH, 'if (reason !== undefined)', 'if (false)'),
  ],
}

test('a change that changes nothing is not noticed', () => {
  const mutation = replacing(BREAKER, 'OPEN_AFTER = 5', 'OPEN_AFTER = 4 + 1')
  assert.ok(!isNoticedBy(mutation, 'test/oauth/introspection-breaker.test.js'))
})

for (const [testFile, mutations] of Object.entries(GUARDS)) {
  for (const mutation of mutations) {
    test(`${testFile} notices when this is gone: ${mutation.name}`, () => {
      assert.ok(isNoticedBy(mutation, testFile))
    })
  }
}
