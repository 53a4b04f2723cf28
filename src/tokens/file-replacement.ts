import { open, rename, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import { fail } from '../base/errors.ts'

/**
 * Puts a text in a file's place, mode 0600: whoever reads, or crashes, sees the old file or the new one,
 * also after a power cut. One writer at a time: whoever calls holds the account's lock, and what a crash
 * left half-written is overwritten by the next.
 *
 * @throws STORE_UNAVAILABLE.
 */
export async function replaceFile(file: string, text: string): Promise<void> {
  const temporary = `${file}.new`
  try {
    const handle = await open(temporary, 'w', 0o600)
    try {
      await handle.writeFile(text)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(temporary, file)
    await syncDirectory(dirname(file))
  } catch (error) {
    await unlink(temporary).catch(() => {})
    const { code } = error as NodeJS.ErrnoException
    fail('STORE_UNAVAILABLE', {
      detail: `${file} cannot be written (${code})`,
      fix:
        code === 'ENOSPC' ? 'make room on that disk' : 'check the owner and mode of its folder, or set XDG_STATE_HOME',
      cause: error,
    })
  }
}

/** Windows has no such thing as syncing a directory. */
async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r').catch(() => undefined)
  await handle?.sync().catch(() => {})
  await handle?.close()
}
