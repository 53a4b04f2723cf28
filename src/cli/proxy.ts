import { Command, Option } from 'commander'
import type { CliContext } from './context.ts'

const CONFIG = '--config <file>'
const CONFIG_TEXT = 'proxy.yaml'

/** `pgoauth proxy` and its verbs. */
export function proxyCommand(context: CliContext): Command {
  const command = new Command('proxy')
    .description('Run the enforcing proxy next to the database.')
    .option(CONFIG, CONFIG_TEXT)
    .addOption(
      new Option('--log-level <level>', 'how much is logged')
        .choices(['debug', 'info', 'warn', 'error'])
        .default('info'),
    )
    .action(async (flags: { config?: string; logLevel: 'debug' | 'info' | 'warn' | 'error' }) => {
      const { runProxy } = await import('./proxy-run.ts')
      await runProxy(context, { file: requiredFile(command, flags.config), logLevel: flags.logLevel })
    })
  command
    .command('check')
    .description('Check configuration and policy: every mistake, with file, line and column.')
    .option(CONFIG, CONFIG_TEXT)
    .action(async (flags: { config?: string }, self: Command) => {
      const { checkProxy } = await import('./proxy-check.ts')
      const config = flags.config ?? (command.opts() as { config?: string }).config
      await checkProxy(context, { file: requiredFile(self, config) })
    })
  return command
}

function requiredFile(command: Command, file: string | undefined): string {
  if (file !== undefined) return file
  return command.error("error: required option '--config <file>' not specified")
}
