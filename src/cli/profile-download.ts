import { readFile } from 'node:fs/promises'
import { asPgoauthError, fail } from '../base/errors.ts'
import { openIssuerFetch } from '../oauth/issuer-fetch.ts'
import type { CliContext } from './context.ts'

/** A profile is a few hundred bytes. */
const LONGEST_PROFILE_BYTES = 64 * 1024
const DOWNLOAD_TIMEOUT_MS = 15_000

/** The text of a profile file, or of one behind an https address (through HTTPS_PROXY). @throws USAGE, ISSUER_UNREACHABLE. */
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
    const { code, message } = asPgoauthError(error)
    if (code === 'ISSUER_INVALID') fail('USAGE', { detail: `--from: ${from} is not https`, cause: error })
    if (code !== 'INTERNAL') throw error
    fail('ISSUER_UNREACHABLE', {
      detail: `--from: ${from}: ${message}`,
      fix: 'check the address and the network',
      cause: error,
    })
  }
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
