import { Command } from 'commander'
import { fail } from '../base/errors.ts'
import { suggest } from '../base/suggest.ts'
import { loadProfiles } from '../config/profiles.ts'
import { SHELLS } from './completion-scripts.ts'
import type { CliContext } from './context.ts'
import { tokenDepsOf } from './token-deps.ts'

/** What the scripts themselves ask for at the moment of completion; not in the help. */
const PROFILES = 'profiles'

export function completionCommand(context: CliContext): Command {
  return new Command('completion')
    .description('Print the completion script for a shell.')
    .argument('<shell>', SHELLS.join(', '))
    .addHelpText('after', EXAMPLES)
    .action(async (shell: string) => {
      if (shell === PROFILES) return printProfiles(context)
      const known = SHELLS.find((one) => one === shell)
      if (!known) {
        const near = suggest(shell, SHELLS)
        fail('USAGE', {
          detail: `there is no completion for "${shell}"${near ? `; did you mean "${near}"?` : ''}`,
          fix: `one of: ${SHELLS.join(', ')}`,
        })
      }
      const [{ COMMANDS }, { readTree }, { writeScript }] = await Promise.all([
        import('./program.ts'),
        import('./completion-tree.ts'),
        import('./completion-scripts.ts'),
      ])
      const loaded = await Promise.all(COMMANDS.map((entry) => entry.load(context)))
      context.stdout.write(writeScript(known, readTree(loaded)))
    })
}

async function printProfiles(context: CliContext): Promise<void> {
  const { profiles } = await loadProfiles(tokenDepsOf(context).paths)
  for (const name of Object.keys(profiles)) context.stdout.write(`${name}\n`)
}

const EXAMPLES = `
Examples:
  eval "$(pgoauth completion bash)"    in ~/.bashrc
  eval "$(pgoauth completion zsh)"     in ~/.zshrc, after compinit
  pgoauth completion fish > ~/.config/fish/completions/pgoauth.fish
  pgoauth completion powershell | Out-String | Invoke-Expression    in $PROFILE`
