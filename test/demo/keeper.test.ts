import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import test from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { startKeeper } from '../../src/demo/keeper.ts'

const STAY = ['-e', 'console.log(process.pid); setInterval(() => {}, 1000)']

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

async function until(holds: () => boolean): Promise<void> {
  for (let attempt = 0; attempt < 200 && !holds(); attempt++) await sleep(25)
  assert.ok(holds())
}

test('lines of output arrive before the end, with its exit code', async () => {
  const keeper = await startKeeper()
  const lines: string[] = []
  const kept = keeper.run(
    { command: process.execPath, args: ['-e', 'console.log("one\\ntwo"); process.exitCode = 7'] },
    (line) => lines.push(line),
  )
  const { code, signal } = await kept.ended
  assert.deepEqual([lines, code, signal], [['one', 'two'], 7, null])
  await keeper.end()
})

test('a command that does not exist ends with an error', async () => {
  const keeper = await startKeeper()
  const { error } = await keeper.run({ command: '/nonexistent/command', args: [] }).ended
  assert.match(String(error), /ENOENT/)
  await keeper.end()
})

test('its end stops a process that ignores SIGTERM, and removes the directory', async () => {
  const keeper = await startKeeper()
  const ignoring = `process.on('SIGTERM', () => {}); ${STAY[1]}`
  const pid = await new Promise<number>((resolve) => {
    keeper.run({ command: process.execPath, args: ['-e', ignoring] }, (line) => resolve(Number(line)))
  })
  await keeper.end()
  assert.ok(!isAlive(pid))
  assert.ok(!existsSync(keeper.directory))
})

test('when its owner is killed, its processes and its directory go too', async () => {
  const owner = spawn(process.execPath, [
    '--input-type=module',
    '-e',
    `import { startKeeper } from ${JSON.stringify(new URL('../../src/demo/keeper.js', import.meta.url).href)}
     const keeper = await startKeeper()
     keeper.run({ command: process.execPath, args: ${JSON.stringify(STAY)} }, (line) => console.log(line, keeper.directory))`,
  ])
  const [said] = await once(owner.stdout, 'data')
  const [pid, directory] = String(said).trim().split(' ')
  assert.ok(isAlive(Number(pid)) && existsSync(String(directory)))
  owner.kill('SIGKILL')
  await until(() => !isAlive(Number(pid)) && !existsSync(String(directory)))
})

test('when the keeper itself is killed, its owner cleans up', async () => {
  const keeper = await startKeeper()
  const { ended, pid } = await new Promise<{ ended: Promise<unknown>; pid: number[] }>((resolve) => {
    const kept = keeper.run(
      { command: process.execPath, args: ['-e', `console.log(process.ppid); ${STAY[1]}`] },
      (line) => {
        pids.push(Number(line))
        if (pids.length === 2) resolve({ ended: kept.ended, pid: pids })
      },
    )
    const pids: number[] = []
  })
  process.kill(Number(pid[0]), 'SIGKILL')
  await ended
  await until(() => !isAlive(Number(pid[1])))
  assert.ok(!existsSync(keeper.directory))
})
