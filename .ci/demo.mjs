// `npm run demo`: installs and compiles where needed, then is `pgoauth demo` itself. One process, and `exec` in package.json,
// so that the signals npm passes on reach it: a shell between them would keep them.
import { fileURLToPath } from 'node:url'
import { setUp } from './setup.mjs'

const POLL_MS = 250

// SIGKILL of npm reaches nobody else, and without npm nobody could end what it started, an installation included.
const { ppid: npm } = process
const watch = setInterval(() => {
  if (process.ppid === npm) return
  clearInterval(watch)
  process.kill(process.pid, 'SIGHUP')
}, POLL_MS).unref()

await setUp({ quiet: true })
const program = new URL('../dist/bin/pgoauth.js', import.meta.url)
process.argv.splice(1, 1, fileURLToPath(program), 'demo')
await import(program.href)
