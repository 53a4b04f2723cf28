import { Command } from 'commander'
import type { CliContext } from './context.ts'

const FILES = 'the audit file, with those of further workers beside it; rotated ones too, oldest first'

/** An option that may come several times. */
function add(value: string, before: string[] = []): string[] {
  return [...before, value]
}

/** `pgoauth audit` and its verbs. */
export function auditCommand(context: CliContext): Command {
  const command = new Command('audit')
    .description('Read the audit file of a proxy, and check that nobody changed it.')
    .addHelpText('after', EXAMPLES)
  command
    .command('verify')
    .description('Check the chain: nothing changed, taken out or moved. Exits 1 where something was.')
    .argument('<files...>', FILES)
    .requiredOption('--key-file <file>', 'the key: audit.key_file of proxy.yaml')
    .option('--head <head>', 'CHAIN:SEQ:MAC as /metrics showed it: also nothing cut off before that; one a chain', add)
    .option('--json', 'one JSON object on stdout')
    .addHelpText('after', '\nExample:\n  pgoauth audit verify audit.jsonl --key-file audit.key')
    .action(async (files: string[], flags: { keyFile: string; head?: string[]; json?: boolean }) => {
      const { verifyAudit } = await import('./audit-verify.ts')
      await verifyAudit(context, files, flags)
    })
  command
    .command('tail')
    .description('The last events, as a person reads them.')
    .argument('<file>', 'the audit file, with those of further workers beside it')
    .option('-n, --lines <count>', 'how many', '20')
    .option('-f, --follow', 'and those that come, until interrupted')
    .option('--json', 'the lines as they are')
    .addHelpText('after', '\nExample:\n  pgoauth audit tail audit.jsonl -n 50 --follow')
    .action(async (file: string, flags: { lines: string; follow?: boolean; json?: boolean }) => {
      const { tailAudit } = await import('./audit-tail.ts')
      await tailAudit(context, file, flags)
    })
  command
    .command('find')
    .description('What happened under a request id that a client was told, why, and what would allow it.')
    .argument('<request-id>', 'as the HINT of the error shows it')
    .argument('<files...>', FILES)
    .option('--json', 'the lines as they are')
    .addHelpText('after', '\nExample:\n  pgoauth audit find 2c3c08cfba404068 audit.jsonl')
    .action(async (requestId: string, files: string[], flags: { json?: boolean }) => {
      const { findInAudit } = await import('./audit-find.ts')
      await findInAudit(context, requestId, files, flags)
    })
  return command
}

const EXAMPLES = `
Examples:
  pgoauth audit tail audit.jsonl --follow          who does what, as it happens
  pgoauth audit find 2c3c08cfba404068 audit.jsonl  why that request was denied
  pgoauth audit verify audit.jsonl --key-file audit.key`
