import { Command, Option } from 'commander'
import type { CliContext } from './context.ts'

const CONFIG = '--config <file>'
const CONFIG_TEXT = 'proxy.yaml'

type Flags = Record<string, unknown>

/** `pgoauth proxy` and its verbs. */
export function proxyCommand(context: CliContext): Command {
  const command = new Command('proxy')
    .description('Run the enforcing proxy next to the database.')
    .usage('--config <file> | [verb]')
    .option(CONFIG, CONFIG_TEXT)
    .addOption(
      new Option('--log-level <level>', 'how much is logged')
        .choices(['debug', 'info', 'warn', 'error'])
        .default('info'),
    )
    .action(async (flags: { config?: string; logLevel: 'debug' | 'info' | 'warn' | 'error' }) => {
      const { runProxy } = await import('./proxy-run.ts')
      await runProxy(context, { file: configFile(command), logLevel: flags.logLevel })
    })
  addInit(command, context)
  addCheck(command, context)
  addProfile(command, context)
  addSessions(command, context)
  return command
}

function addInit(command: Command, context: CliContext): void {
  command
    .command('init')
    .description('Write proxy.yaml, policy.yaml and bootstrap.sql to start from.')
    .option('--dir <directory>', 'where to write them', '.')
    .option('--issuer <url>', 'the OAuth issuer', 'https://id.example.com')
    .option('--audience <name>', 'what tokens for this database name as audience', 'postgres://app')
    .option('--database <name>', 'the database', 'app')
    .option('--host <host>', 'where PostgreSQL listens', '127.0.0.1')
    .option('--port <port>', 'its port', '5432')
    .option('--force', 'replace files that are there')
    .action(async (flags: Flags) => {
      const { initProxy } = await import('./proxy-init.ts')
      await initProxy(context, flags as unknown as Parameters<typeof initProxy>[1])
    })
}

function addCheck(command: Command, context: CliContext): void {
  const check = command
    .command('check')
    .description('Check configuration and policy: every mistake, with file, line and column.')
    .option(CONFIG, CONFIG_TEXT)
    .option('--live', 'also ask the issuers, the servers, and for roles and memberships')
    .option('--token <file>', 'say of the token in this file (- is stdin) each check, the role and the grants')
    .option('--json', 'print what was found as JSON on stdout')
    .action(async (flags: { live?: boolean; token?: string; json?: boolean }) => {
      const { checkProxy } = await import('./proxy-check.ts')
      await checkProxy(context, { file: configFile(check), ...flags })
    })
}

function addProfile(command: Command, context: CliContext): void {
  const profile = command
    .command('profile')
    .description('Print the client profile that fits this configuration, for others to import.')
    .option(CONFIG, CONFIG_TEXT)
    .option('--name <name>', 'what the profile is called; the database without it')
    .option('--host <host>', 'the name under which clients reach the proxy')
    .option('--port <port>', 'the port under which clients reach it; that of the first listener without it')
    .option('--database <name>', 'which database, where there are several')
    .option('--client-id <id>', 'the OAuth client of the tunnel', 'pgoauth')
    .action(async (flags: Flags) => {
      const { printProfile } = await import('./proxy-profile.ts')
      printProfile(context, { file: configFile(profile), ...flags } as Parameters<typeof printProfile>[1])
    })
}

function addSessions(command: Command, context: CliContext): void {
  const sessions = command
    .command('sessions')
    .description('List the live sessions of a running proxy.')
    .option(CONFIG, `${CONFIG_TEXT}; its admin entry says where and how`)
    .option('--json', 'print them as JSON on stdout')
    .action(async (flags: { json?: boolean }) => {
      const { listSessions } = await import('./proxy-sessions.ts')
      await listSessions(context, { file: configFile(sessions), ...flags })
    })
  const kill = command
    .command('kill')
    .description('End a live session, or all of one identity.')
    .argument('[session]', 'its id, as "proxy sessions" shows it')
    .option(CONFIG, `${CONFIG_TEXT}; its admin entry says where and how`)
    .option('--issuer <url>', 'with --subject: all sessions of this identity')
    .option('--subject <subject>', 'with --issuer: all sessions of this identity')
    .action(async (session: string | undefined, flags: { issuer?: string; subject?: string }) => {
      const { killSessions } = await import('./proxy-sessions.ts')
      await killSessions(context, { file: configFile(kill), session, issuer: flags.issuer, subject: flags.subject })
    })
}

/** `--config` may stand before the verb or behind it. */
function configFile(command: Command): string {
  const { config } = command.optsWithGlobals() as { config?: string }
  return config ?? command.error("error: required option '--config <file>' not specified")
}
