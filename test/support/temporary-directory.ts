import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'

/** A directory for this test file (or for the test that `after` of its context is given), removed afterwards. */
export function temporaryDirectory(onEnd: (remove: () => void) => void = after): string {
  const path = mkdtempSync(join(tmpdir(), 'pgoauth-test-'))
  onEnd(() => rmSync(path, { recursive: true, force: true, maxRetries: 5 }))
  return path
}
