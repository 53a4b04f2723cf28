import { fail } from '../base/errors.ts'
import { printable } from '../base/printable.ts'
import { suggest } from '../base/suggest.ts'
import type { ProfileFile } from './profile-file.ts'
import { knownVariables } from './profile-keys.ts'

/** @throws PROFILE_UNKNOWN with the nearest name there is. */
export function failUnknownProfile(name: string, file: ProfileFile): never {
  const names = Object.keys(file.profiles)
  const near = suggest(name, names)
  const question = near ? `; did you mean "${near}"?` : ''
  const fix =
    names.length > 0 ? `profiles are: ${names.join(', ')}` : `add it with "pgoauth profile add ${printable(name)}"`
  fail('PROFILE_UNKNOWN', { detail: `there is no profile "${printable(name)}" in ${file.file}${question}`, fix })
}

/** @throws USAGE where nothing says which profile is meant, or there is none. */
export function failWithoutProfile({ file, profiles }: ProfileFile): never {
  const names = Object.keys(profiles)
  if (names.length === 0) {
    fail('USAGE', { detail: `there is no profile yet in ${file}`, fix: 'pgoauth profile add NAME' })
  }
  fail('USAGE', {
    detail: `there are several profiles and no default: ${names.join(', ')}`,
    fix: `name one, or write "default: ${names[0]}" in ${file}`,
  })
}

const PREFIX = 'PGOAUTH_'

/**
 * Refuses a variable whose name is near one of ours: whoever wrote PGOAUTH_STROE=file would have the login kept elsewhere.
 * One that resembles none is somebody else's.
 *
 * @throws USAGE with the nearest name there is.
 */
export function refuseMistyped(variables: readonly string[]): void {
  const known = knownVariables().map((name) => name.slice(PREFIX.length))
  for (const variable of variables) {
    const near = suggest(variable.slice(PREFIX.length), known)
    // PGOAUTH_CLIENT_SECRET is what many a PGOAUTH_CLIENT_SECRET_ENV names.
    if (near === undefined || `${PREFIX}${near}`.startsWith(`${variable}_`)) continue
    fail('USAGE', {
      detail: `the environment has ${printable(variable)}, which means nothing here; did you mean "${PREFIX}${near}"?`,
      fix: `rename it, or unset ${printable(variable)}`,
    })
  }
}
