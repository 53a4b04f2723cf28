/**
 * Loaded into a command's process with `--import`: notes every secret that an issuer sends or is sent, by the name of
 * its member, in the file that PGOAUTH_TEST_OBSERVED names. The command knows nothing of it.
 */
import { appendFileSync } from 'node:fs'

const file = process.env.PGOAUTH_TEST_OBSERVED ?? ''
const SECRET = ['access_token', 'refresh_token', 'id_token', 'device_code', 'code', 'code_verifier', 'client_secret']

function note(values: Iterable<[string, unknown]>): void {
  for (const [name, value] of values) {
    if (SECRET.includes(name) && typeof value === 'string') appendFileSync(file, `${name} ${value}\n`)
  }
}

const realFetch = globalThis.fetch
globalThis.fetch = async (input, init) => {
  if (init?.body) note(new URLSearchParams(String(init.body)))
  const response = await realFetch(input, init)
  if (/json/.test(response.headers.get('content-type') ?? ''))
    note(Object.entries((await response.clone().json()) as Record<string, unknown>))
  return response
}
