/**
 * The claims of a JWT, unverified: for showing to the person whose token it is and for reading `exp`,
 * never for deciding who somebody is. Undefined where the token is opaque.
 */
export function decodeClaims(token: string): Record<string, unknown> | undefined {
  const parts = token.split('.')
  if (parts.length !== 3) return undefined
  try {
    const claims: unknown = JSON.parse(Buffer.from(parts[1] ?? '', 'base64url').toString('utf8'))
    if (typeof claims !== 'object' || claims === null || Array.isArray(claims)) return undefined
    return claims as Record<string, unknown>
  } catch {
    return undefined
  }
}
