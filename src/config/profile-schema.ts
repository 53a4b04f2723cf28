import { z } from 'zod'
import { isLoopbackHost } from '../base/loopback.ts'
import { parseListen } from './listen-address.ts'

const text = z.string().min(1)
const file = text
const host = text
  .regex(/^[^\s/@?#]+$/, 'expected a host name or address, without scheme, path or spaces')
  .refine((value) => !/^[^:]+:\d+$/.test(value), 'a host has no port; that is the key port')
const word = z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]+$/, 'a scope has no spaces, quotes or backslashes')
const environmentName = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'expected the name of an environment variable, not its value')

const issuer = text.superRefine((value, context) => {
  const problem = issuerProblem(value)
  if (problem) context.addIssue({ code: 'custom', message: problem })
})

const redirect = text.superRefine((value, context) => {
  const problem = redirectProblem(value)
  if (problem) context.addIssue({ code: 'custom', message: problem })
})

const listen = z
  .union([text, z.int()])
  .transform(String)
  .superRefine((value, context) => {
    if (!parseListen(value)) {
      context.addIssue({ code: 'custom', message: 'expected ADDRESS:PORT, a port, or unix:DIRECTORY[:PORT]' })
    }
  })

function oneOrMore<T extends z.ZodType>(item: T) {
  return z.union([item.transform((one) => [one]), z.array(item)])
}

/** A profile as it stands in config.yaml. What depends on two keys is checked once flags are laid over it. */
export const profileSchema = z.strictObject({
  host: host.optional(),
  port: z
    .int('expected a number from 1 to 65535')
    .min(1, 'expected a number from 1 to 65535')
    .max(65535, 'expected a number from 1 to 65535')
    .optional(),
  database: text.optional(),
  user: text.optional(),
  tls: z
    .strictObject({
      mode: z.enum(['verify-full', 'verify-ca', 'require', 'disable']).optional(),
      ca: file.optional(),
      cert: file.optional(),
      key: file.optional(),
      server_name: text.optional(),
    })
    .optional(),
  sslnegotiation: z.enum(['postgres', 'direct']).optional(),
  insecure_loopback: z.boolean().optional(),
  issuer: issuer.optional(),
  client_id: text.optional(),
  client_secret_env: environmentName.optional(),
  client_key: file.optional(),
  scopes: z.union([z.string().transform((value) => value.split(/[\s,]+/).filter(Boolean)), z.array(word)]).optional(),
  resource: oneOrMore(z.url('expected a URI, as RFC 8707 has it')).optional(),
  audience: text.optional(),
  flow: z.enum(['auto', 'browser', 'device', 'client_credentials', 'token_file', 'exec']).optional(),
  token_file: file.optional(),
  exec: z.array(text).min(1).optional(),
  store: z.enum(['keychain', 'file', 'memory']).optional(),
  auth: z.enum(['auto', 'oauthbearer', 'password']).optional(),
  listen: listen.optional(),
  local_auth: z.enum(['auto', 'same-user', 'password', 'none']).optional(),
  allow_remote: z.boolean().optional(),
  redirect: oneOrMore(redirect).optional(),
  issuer_tls: z.strictObject({ ca: file.optional() }).optional(),
})

/** A profile's own keys, checked but without defaults; what the cache keeps. */
export type WrittenProfile = z.output<typeof profileSchema>

/** What a key (`store`, `tls.mode`) may be, where that is one of a few words. */
export function choicesOf(key: string): string[] {
  let schema: z.ZodType | undefined = profileSchema
  for (const step of key.split('.')) {
    schema = schema instanceof z.ZodObject ? schema.shape[step] : undefined
    if (schema instanceof z.ZodOptional) schema = schema.unwrap() as z.ZodType
  }
  return schema instanceof z.ZodEnum ? schema.options.map(String) : []
}

/** Kept to what is safe in a keychain account, a file name and a shell. */
export const profileName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'a profile name has letters, digits, ".", "_" and "-"')

export const configSchema = z.strictObject({
  default: profileName.optional(),
  profiles: z.record(profileName, profileSchema).default({}),
})

function issuerProblem(value: string): string | undefined {
  const url = parseUrl(value)
  if (!url) return 'expected a URL such as https://id.example.com'
  if (url.search || url.hash) return 'an issuer has no query and no fragment'
  if (url.username || url.password) return 'an issuer has no user name and no password'
  if (url.protocol === 'https:') return undefined
  if (url.protocol === 'http:' && isLoopbackHost(url.hostname)) return undefined
  return 'an issuer is reached over https (http only on this machine)'
}

function redirectProblem(value: string): string | undefined {
  const url = parseUrl(value)
  if (url?.protocol !== 'http:' || !isLoopbackHost(url.hostname)) {
    return 'expected http://127.0.0.1/PATH, http://[::1]/PATH or http://localhost/PATH'
  }
  if (url.search || url.hash) return 'a redirect has no query and no fragment'
  return undefined
}

function parseUrl(value: string): URL | undefined {
  return URL.canParse(value) ? new URL(value) : undefined
}
