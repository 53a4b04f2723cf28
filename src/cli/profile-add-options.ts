import type { Command } from 'commander'
import { addProfileOptions } from './profile-options.ts'

export interface ProfileAddFlags extends Record<string, unknown> {
  readonly from?: string
  readonly default?: boolean
  readonly replace?: boolean
  readonly yes?: boolean
}

export function addProfileAddOptions(command: Command): Command {
  command
    .option('--from <file-or-url>', 'import a profile that somebody gave you')
    .option('--default', 'make it the one that commands use without a name')
    .option('--replace', 'put it in place of a profile of that name')
    .option('--yes', 'do not ask before importing')
    .addHelpText('after', EXAMPLES)
  return addProfileOptions(command, true)
}

const EXAMPLES = `
Examples:
  pgoauth profile add
  pgoauth profile add prod --host pg.example.com --port 6432 --database app \\
      --issuer https://id.example.com --client-id pgoauth \\
      --scopes openid,offline_access,orders:read
  pgoauth profile add --from ./prod.yaml`
