import { BlockList, isIPv6 } from 'node:net'
import type { Network } from '../config/scalars.ts'

/** Whether an address lies in one of the networks; an IPv4 address mapped into IPv6 counts as itself. */
export function networkTest(networks: readonly Network[]): (address: string) => boolean {
  const list = new BlockList()
  for (const { address, prefix, family } of networks) list.addSubnet(address, prefix, family)
  return (address) => {
    const plain = plainAddress(address)
    return list.check(plain, isIPv6(plain) ? 'ipv6' : 'ipv4')
  }
}

/** `::ffff:10.0.0.1` is `10.0.0.1`: dual-stack sockets say the one, people and limits mean the other. */
export function plainAddress(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, '')
}
