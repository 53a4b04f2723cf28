import { dirname, isAbsolute, resolve } from 'node:path'
import { isMap, parseDocument } from 'yaml'
import { z } from 'zod'
import { fail } from '../base/errors.ts'
import { isLoopbackHost } from '../base/loopback.ts'
import { readYamlOrThrow } from '../base/yaml-document.ts'
import { parseListen } from './listen-address.ts'
import { profileName, profileSchema, type WrittenProfile } from './profile-schema.ts'

/** A profile that somebody else wrote. */
export interface ImportedProfile {
  /** As its file calls it, where it does. */
  readonly name: string | undefined
  readonly profile: WrittenProfile
}

const REFUSED: Readonly<Record<string, string>> = {
  exec: 'it would run a command on this machine',
  token_file: 'it would send a file of this machine to that host',
  client_secret_env: 'it would send an environment variable of this machine to that issuer',
  client_key: 'it would use a private key of this machine',
  store: 'where a login is kept is yours to say',
  allow_remote: 'it would open the local port to others',
  local_auth: 'who may use the local port is yours to say',
  insecure_loopback: 'it would allow a token over an unencrypted link',
}

/**
 * Reads a profile from elsewhere: `profiles:` with one entry, or the entry's keys alone. What could run a command,
 * send a secret of this machine away or weaken it is refused, not dropped, so that nobody believes it is there.
 *
 * @param from the file or URL, for messages; files that a local one names are relative to it.
 * @throws CONFIG_INVALID.
 */
export function readImportedProfile(from: string, text: string): ImportedProfile {
  // Chosen by what is there, so that mistakes are told of the form that was meant.
  const [name, profile] = isWholeFile(text)
    ? onlyEntry(from, readYamlOrThrow(from, text, wholeFile).value.profiles)
    : [undefined, readYamlOrThrow(from, text, profileSchema).value]
  refuseWhatIsNotTheirs(from, profile)
  return { name, profile: isUrl(from) ? refuseFiles(from, profile) : absoluteFiles(profile, dirname(resolve(from))) }
}

const wholeFile = z.strictObject({ default: profileName.optional(), profiles: z.record(profileName, profileSchema) })

function isWholeFile(text: string): boolean {
  const { contents } = parseDocument(text)
  return isMap(contents) && contents.has('profiles')
}

function onlyEntry(from: string, profiles: Record<string, WrittenProfile>): [string, WrittenProfile] {
  const [only, ...others] = Object.entries(profiles)
  if (!only || others.length > 0) {
    fail('CONFIG_INVALID', {
      detail: `${from} has ${others.length === 0 ? 'no profile' : 'several profiles'}; one is wanted`,
    })
  }
  return only
}

function refuseWhatIsNotTheirs(from: string, profile: WrittenProfile): void {
  const refuse = (key: string, why: string): never =>
    fail('CONFIG_INVALID', {
      detail: `${from} sets "${key}", which an imported profile may not: ${why}`,
      fix: 'ask for one without it; after importing, you may set it yourself',
    })
  for (const [key, why] of Object.entries(REFUSED)) if (Object.hasOwn(profile, key)) refuse(key, why)
  const { flow, tls, listen } = profile
  if (flow === 'exec' || flow === 'token_file' || flow === 'client_credentials')
    refuse('flow', `${flow} needs secrets of yours`)
  if (tls?.mode && tls.mode !== 'verify-full') refuse('tls.mode', 'it would weaken the check of the server')
  if (tls?.cert || tls?.key) refuse('tls.key', 'it would use a private key of this machine')
  const address = listen === undefined ? undefined : parseListen(listen)
  if (address?.kind === 'unix' || (address && !isLoopbackHost(address.address))) {
    refuse('listen', 'it would open more than a loopback port')
  }
}

function refuseFiles(from: string, profile: WrittenProfile): WrittenProfile {
  if (!profile.tls?.ca && !profile.issuer_tls?.ca) return profile
  fail('CONFIG_INVALID', {
    detail: `${from} names files (ca), which a profile from a URL cannot bring along`,
    fix: 'download it with the files that it names, and give --from that file',
  })
}

function absoluteFiles(profile: WrittenProfile, folder: string): WrittenProfile {
  const absolute = (file: string) => (isAbsolute(file) ? file : resolve(folder, file))
  const { tls, issuer_tls } = profile
  return {
    ...profile,
    ...(tls && { tls: tls.ca ? { ...tls, ca: absolute(tls.ca) } : tls }),
    ...(issuer_tls?.ca && { issuer_tls: { ca: absolute(issuer_tls.ca) } }),
  }
}

function isUrl(from: string): boolean {
  return /^https?:\/\//i.test(from)
}
