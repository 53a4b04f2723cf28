import { readdirSync, readFileSync } from 'node:fs'

/** Kernel ticks in a second, as `getconf CLK_TCK` says on every Linux in use. */
const TICKS_PER_SECOND = 100
const PAGE_BYTES = 4096

/** Ids of the processes whose command line holds `text`: a server and its workers, found by their configuration file. */
export function processesNaming(text: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => pid !== process.pid && read(`/proc/${pid}/cmdline`).split('\0').includes(text))
}

/** Seconds of CPU that these processes have used, user and system, from /proc/PID/stat. */
export function cpuSeconds(pids: readonly number[]): number {
  let ticks = 0
  for (const pid of pids) {
    // Fields behind the command in parentheses, which may hold spaces; utime and stime are the 14th and 15th of all.
    const fields = read(`/proc/${pid}/stat`).split(') ').at(-1)?.split(' ') ?? []
    ticks += Number(fields[11] ?? 0) + Number(fields[12] ?? 0)
  }
  return ticks / TICKS_PER_SECOND
}

/** Bytes of memory that these processes have resident. */
export function residentBytes(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + Number(read(`/proc/${pid}/statm`).split(' ')[1] ?? 0) * PAGE_BYTES, 0)
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
