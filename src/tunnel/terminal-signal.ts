import { readFileSync } from 'node:fs'

/** What a terminal sends by itself, to every process of the group in its foreground (termios: VINTR, VQUIT). */
const FROM_TERMINAL: readonly NodeJS.Signals[] = ['SIGINT', 'SIGQUIT']

/**
 * Whether a wrapped command has had this signal already, from the terminal that it shares with us: then passing it
 * on would make two of one Ctrl-C. `stat` is /proc/self/stat; without one, having a terminal decides.
 *
 * @see proc_pid_stat(5): pgrp, tty_nr, tpgid
 */
export function cameFromTerminal(signal: NodeJS.Signals, hasTerminal: boolean, stat = readStat()): boolean {
  if (!FROM_TERMINAL.includes(signal)) return false
  if (stat === undefined) return hasTerminal
  const { group, tty, foreground } = read(stat)
  return tty !== '0' && group === foreground
}

/** Whether this process may read its terminal: one in the background is stopped for it. Undecided counts as yes. */
export function isInForeground(stat = readStat()): boolean {
  if (stat === undefined) return true
  const { group, tty, foreground } = read(stat)
  return tty === '0' || group === foreground
}

function read(stat: string) {
  // The command's name, in parentheses, may hold anything.
  const [, , group, , tty, foreground] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return { group, tty, foreground }
}

function readStat(): string | undefined {
  try {
    return readFileSync('/proc/self/stat', 'latin1')
  } catch {
    return undefined
  }
}
