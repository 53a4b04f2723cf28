/** Whether a host name or address can only mean this machine (RFC 6761 section 6.3, RFC 8252 section 8.3). */
export function isLoopbackHost(host: string): boolean {
  const bare = host.replace(/^\[|\]$/g, '').toLowerCase()
  if (bare === 'localhost' || bare.endsWith('.localhost') || bare === '::1') return true
  return /^127(\.\d{1,3}){3}$/.test(bare)
}
