import { Command } from 'commander'
import type { CliContext } from './context.ts'
import type { Finding } from './doctor-checks.ts'
import { addProfileOptions, profileFlagsOf } from './profile-options.ts'
import { paintFor, writeLine } from './terminal.ts'

export function doctorCommand(context: CliContext): Command {
  const command = new Command('doctor')
    .description('Check every step from config.yaml to the database, and say what to fix.')
    .argument('[profile]', 'profile in config.yaml; without it the default one')
    .option('--json', 'one JSON object on stdout')
    .addHelpText('after', EXAMPLES)
  return addProfileOptions(command).action(
    async (name: string | undefined, flags: { json?: boolean } & Record<string, unknown>) => {
      const { examine } = await import('./doctor-checks.ts')
      const findings: Finding[] = []
      for await (const finding of examine(context, name, profileFlagsOf(flags))) {
        findings.push(finding)
        if (!flags.json) tell(context, finding)
      }
      const first = findings.find(({ ok }) => ok === false)
      if (flags.json) {
        const checks = findings.map(({ check, ok, detail, fix }) => ({
          check,
          ok: ok ?? null,
          detail,
          fix: fix ?? null,
        }))
        writeLine(context.stdout, JSON.stringify({ ok: first === undefined, checks }, null, 2))
      }
      context.setExitCode(first?.exit ?? 0)
    },
  )
}

function tell(context: CliContext, { check, ok, detail, fix }: Finding): void {
  const paint = paintFor(context.env, context.isTty)
  const mark = ok === undefined ? paint.dim('-') : ok ? paint.green('✓') : paint.red('✗')
  const [first = '', ...others] = detail.split('\n').filter(Boolean)
  writeLine(context.stdout, `${mark} ${check.padEnd(10)} ${first}`)
  for (const line of others) writeLine(context.stdout, `             ${line}`)
  if (ok === false && fix)
    writeLine(context.stdout, `  ${paint.cyan('try:')}       ${fix.replaceAll('\n', '\n             ')}`)
}

const EXAMPLES = `
Examples:
  pgoauth doctor              the default profile
  pgoauth doctor prod --json  for a bug report: there is nothing secret in it`
