import { readFile } from 'node:fs/promises'
import { asPgoauthError, fail } from '../base/errors.ts'
import { printable } from '../base/printable.ts'
import { openIssuerFetch } from '../oauth/issuer-fetch.ts'
import type { CliContext } from './context.ts'

/** A profile is a few hundred bytes. */
const LONGEST_PROFILE_BYTES = 64 * 1024
const DOWNLOAD_TIMEOUT_MS = 15_000

/** The text of a profile file, or of one behind an https address (through HTTPS_PROXY). @throws USAGE, DOWNLOAD_FAILED. */
export async function fetchProfileText({ env }: CliContext, from: string): Promise<string> {
  if (!/^[a-z]+:\/\//i.test(from)) {
    return readFile(from, 'utf8').catch((error: NodeJS.ErrnoException) => {
      fail('USAGE', { detail: `--from: ${from} cannot be read (${error.code})`, cause: error })
    })
  }
  const fetch = await openIssuerFetch({ env, caFile: undefined })
  const signal = AbortSignal.timeout(DOWNLOAD_TIMEOUT_MS)
  try {
    const response = await fetch(from, { method: 'GET', redirect: 'manual', headers: {}, body: undefined, signal })
    if (response.status !== 200) fail('USAGE', { detail: `--from: ${from} answered HTTP ${response.status}` })
    return await readBounded(response, from)
  } catch (error) {
    const { code } = asPgoauthError(error)
    if (code === 'ISSUER_INVALID') fail('USAGE', { detail: `--from: ${from} is not https`, cause: error })
    if (code !== 'INTERNAL') throw error
    fail('DOWNLOAD_FAILED', {
      detail: `--from: ${from} (${reasonOf(error)})`,
      fix: 'check the address and the network; behind a proxy, set HTTPS_PROXY',
      cause: error,
    })
  }
}

/** What a failed fetch keeps in its cause: a code of the system or of TLS. */
function reasonOf(error: unknown): string {
  const { cause, name, message } = error as Error & { cause?: { code?: string; message?: string } }
  if (name === 'TimeoutError') return `no answer within ${DOWNLOAD_TIMEOUT_MS / 1000} s`
  return printable(cause?.code ?? cause?.message ?? message)
}

async function readBounded(response: Response, from: string): Promise<string> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength
    if (bytes > LONGEST_PROFILE_BYTES) fail('USAGE', { detail: `--from: ${from} is too long for a profile` })
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
