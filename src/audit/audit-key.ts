import { readFileSync } from 'node:fs'
import { fail } from '../base/errors.ts'

/** HMAC-SHA256 is as strong as its key up to 32 bytes; less than 16 can be searched for. */
const MIN_KEY_BYTES = 16

/**
 * The key of the chain: the file's bytes, without the newline that editors put at the end.
 *
 * @throws CONFIG_INVALID where it cannot be read or is too short.
 */
export function readAuditKey(file: string): Buffer {
  let bytes: Buffer
  try {
    bytes = readFileSync(file)
  } catch (cause) {
    fail('CONFIG_INVALID', { detail: `audit.key_file: cannot read ${file}`, cause })
  }
  const key = bytes.at(-1) === 0x0a ? bytes.subarray(0, bytes.at(-2) === 0x0d ? -2 : -1) : bytes
  if (key.length < MIN_KEY_BYTES) {
    fail('CONFIG_INVALID', {
      detail: `audit.key_file: ${file} holds less than ${MIN_KEY_BYTES} bytes`,
      fix: `openssl rand -base64 32 > ${file}`,
    })
  }
  return key
}
