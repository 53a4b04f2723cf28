/**
 * The value at a path such as `realm_access.roles`, or undefined. The whole path is tried as one name first, then
 * ever shorter first names, since claims have dots in their names (`kubernetes.io`, `https://example.com/roles`).
 * Own properties only, and no index into arrays: `constructor` and `length` are no claims.
 */
export function claimAt(claims: unknown, path: string): unknown {
  if (typeof claims !== 'object' || claims === null || Array.isArray(claims)) return undefined
  if (Object.hasOwn(claims, path)) return (claims as Record<string, unknown>)[path]
  for (let dot = path.lastIndexOf('.'); dot > 0; dot = path.lastIndexOf('.', dot - 1)) {
    const name = path.slice(0, dot)
    if (!Object.hasOwn(claims, name)) continue
    const value = claimAt((claims as Record<string, unknown>)[name], path.slice(dot + 1))
    if (value !== undefined) return value
  }
  return undefined
}
