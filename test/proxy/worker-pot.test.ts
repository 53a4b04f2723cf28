import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type PotMoves, shareOfWorker, WorkerPot } from '../../src/proxy/worker-pot.ts'

const want = (count: number, sinceMs = 0, warm = 0) => ({ count, sinceMs, warm })
const granted = ({ grants }: PotMoves) => Object.fromEntries(grants)
const pressed = ({ presses }: PotMoves) => Object.fromEntries(presses)

test('what is there is granted at once, and no more than there is', () => {
  const pot = new WorkerPot({ capacity: 3, fairShare: 0 })
  assert.deepEqual(granted(pot.want('a', want(2))), { a: 2 })
  assert.deepEqual(granted(pot.want('b', want(2))), { b: 1 })
  assert.equal(pot.held, 3)
})

test('what is given back goes to who has waited longest', () => {
  const pot = new WorkerPot({ capacity: 1, fairShare: 0 })
  pot.want('a', want(1))
  pot.want('b', want(1, 200))
  pot.want('c', want(1, 100))
  assert.deepEqual(granted(pot.giveBack('a', 1)), { c: 1 })
})

test('holders are pressed by how many wait elsewhere and since when, and no longer than they do', () => {
  const pot = new WorkerPot({ capacity: 2, fairShare: 0 })
  pot.want('a', want(2))
  assert.deepEqual(pressed(pot.want('b', want(3, 50))), { a: { count: 3, target: 2, sinceMs: 50 } })
  assert.deepEqual(pressed(pot.want('b', want(0))), { a: undefined })
})

test('a holder is told anew what is left of a press once it gave something back', () => {
  const pot = new WorkerPot({ capacity: 2, fairShare: 1 })
  pot.want('a', want(2))
  pot.want('b', want(2))
  const moves = pot.giveBack('a', 1)
  assert.deepEqual(granted(moves), { b: 1 })
  assert.deepEqual(pressed(moves).a, { count: 1, target: 1, sinceMs: Number.POSITIVE_INFINITY })
})

test('with fair shares who has least is to be given from who has most, down to the fair share and not below', () => {
  const pot = new WorkerPot({ capacity: 9, fairShare: 3 })
  pot.want('a', want(6))
  pot.want('b', want(3))
  const moves = pot.want('c', want(16))
  assert.equal(pressed(moves).a?.target, 3)
  assert.equal(pressed(moves).b?.target, 3)
  assert.deepEqual(granted(pot.giveBack('a', 3)), { c: 3 })
  assert.equal(pot.heldBy('a'), 3)
  pot.giveBack('c', 0)
  assert.equal(pot.heldBy('c'), 3, 'beyond its share it waits for what others do not use')
})

test('who is below its fair share comes before who has waited longer', () => {
  const pot = new WorkerPot({ capacity: 4, fairShare: 2 })
  pot.want('a', want(4))
  pot.want('a', want(4, 1))
  pot.want('b', want(1, 500))
  assert.deepEqual(granted(pot.giveBack('a', 1)), { b: 1 })
})

test('warmth gets only what nobody waits for, and presses nobody', () => {
  const pot = new WorkerPot({ capacity: 2, fairShare: 0 })
  pot.want('a', want(1))
  assert.deepEqual(granted(pot.want('b', want(0, 0, 2))), { b: 1 })
  assert.deepEqual(pressed(pot.want('b', want(0, 0, 1))), {})
  pot.want('c', want(1, 5))
  assert.deepEqual(granted(pot.giveBack('a', 1)), { c: 1 })
})

test('what a holder had is free when it is gone', () => {
  const pot = new WorkerPot({ capacity: 2, fairShare: 0 })
  pot.want('a', want(2))
  pot.want('b', want(1))
  assert.deepEqual(granted(pot.leave('a')), { b: 1 })
  pot.giveBack('b', 1)
  assert.ok(pot.isUnused)
})

test('the parts of all workers together are the whole', () => {
  for (const total of [0, 1, 2, 5, 12, 50]) {
    for (const workers of [1, 2, 3, 7, 64]) {
      const parts = Array.from({ length: workers }, (_, at) => shareOfWorker(total, workers, at + 1))
      assert.equal(
        parts.reduce((sum, part) => sum + part, 0),
        total,
      )
      assert.ok(Math.max(...parts) - Math.min(...parts) <= 1)
    }
  }
})
