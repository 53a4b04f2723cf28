import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { test } from 'node:test'
import { isReachableByOthers } from '../../src/demo/unprivileged-user.ts'
import { runWrapped } from '../../src/tunnel/wrapped-command.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

const folder = temporaryDirectory()
const closed = join(folder, 'closed')
const open = join(folder, 'open')
chmodSync(folder, 0o755)
mkdirSync(join(open, 'a-folder'), { recursive: true })
mkdirSync(closed)
writeFileSync(join(open, 'a-text'), 'no program')
writeFileSync(join(open, 'orphaned-script'), '#!/nonexistent/interpreter\n', { mode: 0o755 })
chmodSync(closed, 0o000)
const SKIP = !isReachableByOthers(folder) && 'UNPROVEN: the temporary directory is closed to other users'
const PATH = [closed, open, '/usr/bin', '/bin'].join(delimiter)

for (const [name, command, expected] of [
  ['127 for a name that no folder has', 'no-such-command-anywhere', 127],
  ['127 for a name that only a directory has', 'a-folder', 127],
  ['127 for no name', '', 127],
  ['127 for a path that is not there', join(open, 'no-such-command'), 127],
  ['127 for a script whose interpreter is not there', join(open, 'orphaned-script'), 127],
  ['126 for a name that only a text has', 'a-text', 126],
  ['126 for the path of a text', join(open, 'a-text'), 126],
  ['126 for the path of a directory', open, 126],
  ['126 for a path through the folder that may not be entered', join(closed, 'anything'), 126],
  ['its own code for a command of a later folder', 'false', 1],
] as const) {
  test(`with a folder in PATH that may not be entered, as a shell: ${name}`, { skip: SKIP }, async () => {
    const { exitCode, error } = await asAnother(() => runWrapped(command, [], { PATH }).ended)
    assert.equal(exitCode, expected)
    if (expected === 127) assert.match(String(error?.detail), /command not found$/)
    if (expected === 126) assert.match(String(error?.detail), /cannot be executed \(EACCES\)$/)
  })
}

/** Root may enter every folder, so it has to be somebody else meanwhile. */
async function asAnother<T>(run: () => Promise<T>): Promise<T> {
  if (process.getuid?.() !== 0) return await run()
  process.seteuid?.(65_533)
  try {
    return await run()
  } finally {
    process.seteuid?.(0)
  }
}
