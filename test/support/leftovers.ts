import { readdirSync, readFileSync } from 'node:fs'

/** Command lines of the processes that have a path in their arguments, environment or working directory. Linux only. */
export function processesMentioning(path: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((pid) => {
      const command = read(`/proc/${pid}/cmdline`)
      return `${command} ${read(`/proc/${pid}/environ`)}`.includes(path)
        ? [`${pid}: ${command.replaceAll('\0', ' ')}`]
        : []
    })
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    // It ended meanwhile, or belongs to somebody else.
    return ''
  }
}
