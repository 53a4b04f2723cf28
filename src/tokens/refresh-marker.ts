import { createHash } from 'node:crypto'
import { readFile, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Secret } from '../base/secret.ts'

/**
 * Notes, while an answer to a refresh is out, which refresh token it was asked with. A process killed before it
 * wrote the answer down leaves the note, so that the next one can say why the login is gone.
 *
 * The caller holds the login's lock. Without a note (a full disk) nothing but that message is lost.
 */
export class RefreshMarker {
  readonly #file: string

  constructor(stateDir: string, account: string) {
    this.#file = join(stateDir, 'locks', `${account.replace(/[^A-Za-z0-9._-]/g, '_')}.refreshing`)
  }

  /** Whether an earlier process was interrupted while refreshing with this token. */
  async names(refreshToken: Secret): Promise<boolean> {
    const noted = await readFile(this.#file, 'utf8').catch(() => '')
    return noted === fingerprint(refreshToken)
  }

  async set(refreshToken: Secret): Promise<void> {
    await writeFile(this.#file, fingerprint(refreshToken), { mode: 0o600 }).catch(() => {})
  }

  async clear(): Promise<void> {
    await unlink(this.#file).catch(() => {})
  }
}

function fingerprint(token: Secret): string {
  return createHash('sha256').update(token.reveal()).digest('hex').slice(0, 16)
}
