import { createHash } from 'node:crypto'
import { userInfo } from 'node:os'

/** Below the range that systems hand out by themselves (32768 on Linux, 49152 elsewhere), above the well-known ones. */
const FIRST_PORT = 20_000
const PORTS = 12_000
/** After that many taken ones, any free port is as good. */
const TRIES = 16

/**
 * Ports to try for a profile that names none, in order, the same each time: a person's saved connections keep
 * working. `owner` keeps two users of one machine apart.
 */
export function stablePorts(profile: string, owner: string): number[] {
  const hash = createHash('sha256').update(`${owner}\0${profile}`).digest()
  return Array.from({ length: TRIES }, (_, index) => FIRST_PORT + (hash.readUInt16BE(index * 2) % PORTS))
}

/** Tells the users of one machine apart; a user id without a name, as containers have, is one too. */
export function thisUser(): string {
  return String(process.getuid?.() ?? userInfo().username)
}
