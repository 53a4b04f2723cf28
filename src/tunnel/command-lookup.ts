import { statSync } from 'node:fs'
import { delimiter, join, sep } from 'node:path'

/** Where execvp looks without a PATH; the folders that every system has of it. */
const DEFAULT_PATH = ['/usr/bin', '/bin'].join(delimiter)

/**
 * Whether a command that could not be run is there at all, as a shell tells 126 from 127. What execvp says is not
 * enough: it gives EACCES for a name that is nowhere, where PATH has a folder that may not be entered.
 *
 * A name with a slash is a file; one without is looked for in every folder of `path` that lets itself be looked into.
 * A directory of that name in PATH is no command; one that is named by its path is there, and cannot be executed.
 *
 * @see https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html#tag_19_08_02
 */
export function isCommandThere(command: string, path: string | undefined): boolean {
  if (command.includes('/') || command.includes(sep)) return kindOf(command) !== 'missing'
  if (command === '') return false
  // An empty entry is the current folder (XBD 8.3).
  const folders = (path ?? DEFAULT_PATH).split(delimiter).map((folder) => folder || '.')
  return folders.some((folder) => kindOf(join(folder, command)) === 'file')
}

/** What cannot be told because a folder on the way may not be entered counts as there where it was named itself. */
function kindOf(file: string): 'file' | 'directory' | 'hidden' | 'missing' {
  try {
    return statSync(file).isDirectory() ? 'directory' : 'file'
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EACCES' ? 'hidden' : 'missing'
  }
}
