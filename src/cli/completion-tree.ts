import type { Command } from 'commander'
import { flagOf, PROFILE_KEYS } from '../config/profile-keys.ts'
import { choicesOf } from '../config/profile-schema.ts'
import { SHELLS } from './completion-scripts.ts'

export interface CompletionOption {
  readonly flag: string
  readonly summary: string
  readonly takesValue: boolean
  /** The values it may have, where these are few. */
  readonly choices: readonly string[]
  /** Left out of the help, and so not offered; what follows it is its value all the same. */
  readonly hidden: boolean
}

/** A place on the command line, and what may be typed there. */
export interface CompletionNode {
  /** The commands up to here, joined by spaces; empty for `pgoauth` itself. */
  readonly path: string
  readonly commands: readonly { readonly name: string; readonly summary: string }[]
  readonly options: readonly CompletionOption[]
  /** Whether a profile's name fits here. */
  readonly takesProfile: boolean
}

/** Every place, `pgoauth` itself first. */
export function readTree(commands: readonly Command[]): CompletionNode[] {
  const root: CompletionNode = {
    path: '',
    commands: commands.map(summaryOf),
    options: [
      switchOf('--help', 'display help'),
      switchOf('--version', 'output the version number'),
      switchOf('--debug', 'say more on stderr; never a secret'),
    ],
    takesProfile: false,
  }
  return [root, ...commands.flatMap((command) => nodesOf(command, ''))]
}

function nodesOf(command: Command, parent: string): CompletionNode[] {
  const path = `${parent} ${command.name()}`.trim()
  const options = command.options
    .filter(({ long }) => long)
    .map(({ long, description, required, optional, argChoices, hidden }) => ({
      flag: long ?? '',
      summary: description,
      takesValue: required || optional,
      choices: argChoices ?? PROFILE_CHOICES.get(long ?? '') ?? [],
      hidden,
    }))
  const node: CompletionNode = {
    path,
    commands:
      path === 'completion' ? SHELLS.map((name) => ({ name, summary: 'shell' })) : command.commands.map(summaryOf),
    options: [...options, switchOf('--help', 'display help')],
    takesProfile: command.registeredArguments.some((argument) => isProfile(argument.name(), path)),
  }
  return [node, ...command.commands.flatMap((sub) => nodesOf(sub, path))]
}

function switchOf(flag: string, summary: string): CompletionOption {
  return { flag, summary, takesValue: false, choices: [], hidden: false }
}

/** The values that the schema of profiles lets a flag have. */
const PROFILE_CHOICES: ReadonlyMap<string, readonly string[]> = new Map(
  Object.keys(PROFILE_KEYS).map((key) => [flagOf(key), choicesOf(key)]),
)

/** `profile add` makes a new name; the others take one there is. */
function isProfile(argument: string, path: string): boolean {
  if (/^profiles?$/.test(argument)) return true
  return argument === 'name' && /^profile (show|remove|password)$/.test(path)
}

function summaryOf(command: Command): { name: string; summary: string } {
  return { name: command.name(), summary: command.description() }
}
