import { asPgoauthError, type PgoauthError } from '../base/errors.ts'
import { type IntrospectionClient, isAboutToken } from '../oauth/introspection-client.ts'
import type { Policy } from '../policy/policy.ts'
import type { Generation } from '../proxy/generation.ts'
import type { ProxyFiles } from './proxy-files.ts'

/** One thing that was asked for over the network; no error: it is as it should be. */
export interface LiveFinding {
  readonly part: string
  readonly error: PgoauthError | undefined
}

/** Asks issuers for keys, servers for a login, and for every role that the policy can yield. */
export async function liveFindings({ config }: ProxyFiles, generation: Generation): Promise<LiveFinding[]> {
  const findings: Promise<LiveFinding>[] = []
  for (const issuer of generation.issuers) {
    const asked = issuer.tokens === 'jwt' ? issuer.keys.current() : introspectNothing(issuer.client)
    findings.push(finding(`issuer ${issuer.issuer}`, asked))
  }
  for (const [name, { pool, policy }] of generation.databases) {
    const { server } = config.databases.get(name) ?? {}
    const where = server?.addresses.map(({ host, port }) => `${host}:${port}`).join(', ')
    findings.push(finding(`database ${name} at ${where}`, pool.check()))
    for (const role of namedRoles(policy)) {
      // With as_role only the role's own password, which a command may print for it, gets in.
      findings.push(finding(`role ${role} in ${name}`, pool.checkRole(role)))
    }
  }
  return Promise.all(findings)
}

/** An issuer that dislikes a token which nobody issued, rather than call it inactive, has answered all the same. */
async function introspectNothing(client: IntrospectionClient): Promise<unknown> {
  return client.introspect('pgoauth-proxy-check').catch((error: unknown) => {
    if (!isAboutToken(error)) throw error
  })
}

async function finding(part: string, asked: Promise<unknown>): Promise<LiveFinding> {
  return asked.then(
    () => ({ part, error: undefined }),
    (error: unknown) => ({ part, error: asPgoauthError(error) }),
  )
}

/** Those of templates are the names that `among` lists. */
function namedRoles({ roles }: Policy): string[] {
  return [...new Set(roles.flatMap(({ role, among }) => among ?? [role]))]
}
