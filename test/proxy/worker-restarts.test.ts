import assert from 'node:assert/strict'
import { test } from 'node:test'
import { workersOf } from '../../src/cli/proxy-primary.ts'
import { WorkerRestarts } from '../../src/proxy/worker-restarts.ts'

test('a worker that served for a while is replaced at once', () => {
  assert.equal(new WorkerRestarts().died({ slot: 1, servedMs: 60_000 }), 0)
})

test('workers that die soon are replaced later and later, and after ten in one place no more', () => {
  const restarts = new WorkerRestarts()
  const delays = Array.from({ length: 10 }, () => {
    restarts.served()
    return restarts.died({ slot: 1, servedMs: 50 })
  })
  assert.deepEqual(delays, [100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000, undefined])
})

test('each place counts for itself, and one that served for a while begins anew', () => {
  const restarts = new WorkerRestarts()
  for (let time = 0; time < 9; time++) restarts.died({ slot: 1, servedMs: 50 })
  assert.equal(restarts.died({ slot: 2, servedMs: 50 }), 100)
  assert.equal(restarts.died({ slot: 1, servedMs: 20_000 }), 0)
  assert.equal(restarts.died({ slot: 1, servedMs: 50 }), 100)
})

test('five in a row that do not even begin to serve are a loop, over all places; one that does ends the row', () => {
  const restarts = new WorkerRestarts()
  for (const slot of [1, 2, 1, 2]) assert.notEqual(restarts.died({ slot, servedMs: undefined }), undefined)
  restarts.served()
  for (const slot of [3, 4, 3, 4]) assert.notEqual(restarts.died({ slot, servedMs: undefined }), undefined)
  assert.equal(restarts.died({ slot: 5, servedMs: undefined }), undefined)
})

test('auto is one process on one or two cores, then one for each core, up to sixteen', () => {
  const cores = [1, 2, 3, 4, 16, 96]
  assert.deepEqual(
    cores.map((count) => workersOf({ workers: 'auto' }, count)),
    [1, 1, 3, 4, 16, 16],
  )
  assert.equal(workersOf({ workers: 5 }, 1), 5)
})
