import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Laptop, openLaptop } from './laptop.ts'

export interface ConnectLaptop extends Laptop {
  /** The file that the profile's token comes from. */
  readonly tokenFile: string
}

/**
 * A machine whose profile `prod` takes its token from a file and trusts one authority: everything of `pgoauth
 * connect` but the login.
 */
export function openConnectLaptop(options: {
  port: number
  ca: string
  token?: string
  profile?: string
}): ConnectLaptop {
  const { port, ca, token = 'good-token', profile = '' } = options
  const lines = [
    'profiles:',
    '  prod:',
    '    host: localhost',
    `    port: ${port}`,
    '    database: postgres',
    '    user: postgres',
    '    flow: token_file',
    '    token_file: ~/token',
    '    tls: { ca: ~/ca.pem }',
    ...profile.split('\n').map((line) => `    ${line}`),
  ]
  const laptop = openLaptop(`${lines.join('\n')}\n`)
  writeFileSync(join(laptop.home, 'ca.pem'), ca)
  writeFileSync(join(laptop.home, 'token'), `${token}\n`)
  return { ...laptop, tokenFile: join(laptop.home, 'token') }
}
