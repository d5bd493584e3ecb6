/** Whose request it is before we know who asks: the address of the client, also behind proxies that we trust. */
import type { IncomingMessage } from 'node:http'
import { BlockList, isIP } from 'node:net'

export interface Addresses {
  /** IPv6 by the network of a site, of which one client may take any address. */
  of(request: IncomingMessage): string
}

/** `trusted`: addresses, or networks such as `10.0.0.0/8`. What others say of those in front of them is not believed. */
export function createAddresses(trusted: readonly string[]): Addresses {
  const proxies = proxyList(trusted)
  const isProxy = (address: string) => proxies.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')
  return {
    of({ socket, headers }) {
      let address = plain(socket.remoteAddress ?? '')
      const said = trusted.length === 0 ? [] : String(headers['x-forwarded-for'] ?? '').split(',')
      while (isIP(address) && isProxy(address)) {
        const before = plain(said.pop()?.trim() ?? '')
        if (!isIP(before)) break
        address = before
      }
      return isIP(address) === 6 ? networkOf(address) : address
    },
  }
}

/** Throws for what is neither an address nor a network. */
export function proxyList(trusted: readonly string[]): BlockList {
  const list = new BlockList()
  for (const one of trusted) {
    const [address = '', prefix] = one.split('/')
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
    if (prefix === undefined) list.addAddress(address, family)
    else list.addSubnet(address, Number(prefix), family)
  }
  return list
}

/** IPv4 as a socket for both families shows it. */
const plain = (address: string): string => address.replace(/^::ffff:(?=\d+\.)/i, '')

/** The first 64 bits. */
function networkOf(address: string): string {
  const [head = '', tail] = address.split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail ? tail.split(':') : []
  const missing = tail === undefined ? 0 : 8 - left.length - right.length
  const groups = [...left, ...Array<string>(Math.max(0, missing)).fill('0'), ...right]
  return `${groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`
}
