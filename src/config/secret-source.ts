import { readFileSync } from 'node:fs'
import { fail } from '../base/errors.ts'
import { Secret } from '../base/secret.ts'

/** Where a secret is read from, each time it is needed, so that a rotated one counts without a restart. */
export type SecretSource = { readonly file: string } | { readonly env: string }

/**
 * The secret without the newline that editors put at the end.
 *
 * @throws CONFIG_INVALID where the file cannot be read, the variable is not set, or either is empty.
 */
export function readSecret(source: SecretSource, env: NodeJS.ProcessEnv): Secret {
  const [text, where] =
    'file' in source ? [readFile(source.file), source.file] : [env[source.env] ?? '', `variable ${source.env}`]
  const value = text.replace(/\r?\n$/, '')
  if (value === '') fail('CONFIG_INVALID', { detail: `the secret in ${where} is empty or missing` })
  return new Secret(value)
}

function readFile(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    fail('CONFIG_INVALID', { detail: `cannot read the secret in ${file}`, cause })
  }
}
