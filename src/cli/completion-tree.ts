import type { Command } from 'commander'
import { SHELLS } from './completion-scripts.ts'

/** A place on the command line, and what may be typed there. */
export interface CompletionNode {
  /** The commands up to here, joined by spaces; empty for `pgoauth` itself. */
  readonly path: string
  readonly commands: readonly { readonly name: string; readonly summary: string }[]
  readonly options: readonly { readonly flag: string; readonly summary: string; readonly takesValue: boolean }[]
  /** Whether a profile's name fits here. */
  readonly takesProfile: boolean
}

/** Every place, `pgoauth` itself first. */
export function readTree(commands: readonly Command[]): CompletionNode[] {
  const root: CompletionNode = {
    path: '',
    commands: commands.map(summaryOf),
    options: [
      { flag: '--help', summary: 'display help', takesValue: false },
      { flag: '--version', summary: 'output the version number', takesValue: false },
      { flag: '--debug', summary: 'say more on stderr; never a secret', takesValue: false },
    ],
    takesProfile: false,
  }
  return [root, ...commands.flatMap((command) => nodesOf(command, ''))]
}

function nodesOf(command: Command, parent: string): CompletionNode[] {
  const path = `${parent} ${command.name()}`.trim()
  const options = command.options
    .filter(({ hidden, long }) => !hidden && long)
    .map(({ long, description, required, optional }) => ({
      flag: long ?? '',
      summary: description,
      takesValue: required || optional,
    }))
  const node: CompletionNode = {
    path,
    commands:
      path === 'completion' ? SHELLS.map((name) => ({ name, summary: 'shell' })) : command.commands.map(summaryOf),
    options: [...options, { flag: '--help', summary: 'display help', takesValue: false }],
    takesProfile: command.registeredArguments.some((argument) => isProfile(argument.name(), path)),
  }
  return [node, ...command.commands.flatMap((sub) => nodesOf(sub, path))]
}

/** `profile add` makes a new name; the others take one there is. */
function isProfile(argument: string, path: string): boolean {
  if (/^profiles?$/.test(argument)) return true
  return argument === 'name' && /^profile (show|remove|password)$/.test(path)
}

function summaryOf(command: Command): { name: string; summary: string } {
  return { name: command.name(), summary: command.description() }
}
