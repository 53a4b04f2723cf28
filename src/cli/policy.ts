import { Command } from 'commander'
import type { CliContext } from './context.ts'
import type { ExplainFlags } from './policy-explain.ts'

export function policyCommand(context: CliContext): Command {
  const command = new Command('policy').description('Explain and test what the policy lets a statement do.')
  command.addCommand(explainCommand(context))
  command.addCommand(testCommand(context))
  command.addCommand(suggestCommand(context))
  return command
}

function explainCommand(context: CliContext): Command {
  return new Command('explain')
    .description('Decide a statement without running it: what it needs, and which rule allows it or which scope would.')
    .argument('[sql]', 'the statement; without it, read from stdin')
    .option('--policy <file>', 'the policy file', 'policy.yaml')
    .option('--scopes <scopes>', 'scopes of the token, separated by blanks or commas', '')
    .option('--claims <json>', 'claims of the token: also says which role it yields')
    .option('--catalog <file>', 'what is known of the database, as --dump-catalog wrote it')
    .option('--server <url>', 'ask this database: postgresql://user@host:port/database?sslmode=…')
    .option('--dump-catalog <file>', 'with --server: write what was learnt to a file')
    .option('--json', 'one JSON object on stdout')
    .option('--batch', 'read JSON Lines {"id", "scopes", "sql"} from stdin, answer a line each')
    .addHelpText('after', EXPLAIN_EXAMPLES)
    .action(async (sql: string | undefined, flags: ExplainFlags) => {
      const { explain } = await import('./policy-explain.ts')
      await explain(context, sql, flags)
    })
}

function testCommand(context: CliContext): Command {
  return new Command('test')
    .description('Run the cases kept beside a policy: {scopes, sql, expect: allow|deny, why}, in YAML.')
    .argument('<file>', 'the cases')
    .option('--policy <file>', 'the policy file; without it, policy.yaml beside the cases')
    .option('--catalog <file>', 'what is known of the database, as explain --dump-catalog wrote it')
    .addHelpText('after', '\nExample:\n  pgoauth policy test policy.test.yaml --policy policy.yaml')
    .action(async (file: string, flags: { policy?: string; catalog?: string }) => {
      const { runPolicyTest } = await import('./policy-test.ts')
      await runPolicyTest(context, file, flags)
    })
}

function suggestCommand(context: CliContext): Command {
  return new Command('suggest')
    .description('The smallest set of scopes that covers what an audit file of an observe run shows was done.')
    .argument('<audit>', 'the audit file (JSON Lines)')
    .option('--policy <file>', 'the policy file', 'policy.yaml')
    .option('--subject <sub>', 'only what this person did')
    .option('--json', 'one JSON object on stdout')
    .action(async (audit: string, flags: { policy: string; subject?: string; json?: boolean }) => {
      const { suggestFromAudit } = await import('./policy-suggest.ts')
      await suggestFromAudit(context, audit, flags)
    })
}

const EXPLAIN_EXAMPLES = `
Exit codes: 0 allowed, 4 denied.

Examples:
  pgoauth policy explain --scopes orders:read 'select * from sales.orders'
  pgoauth policy explain --scopes "orders:read hr:read" --json < query.sql
  pgoauth policy explain \\
    --server postgresql://ada@db.example.com/app --dump-catalog app.json`
