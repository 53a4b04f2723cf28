// `npm run demo`: installs and compiles where needed, then is `pgoauth demo` itself. One process, so that the signals
// npm passes on reach it: a shell between them would keep them.
import { fileURLToPath } from 'node:url'
import { setUp } from './setup.mjs'

setUp({ quiet: true })
const program = new URL('../dist/bin/pgoauth.js', import.meta.url)
process.argv.splice(1, 1, fileURLToPath(program), 'demo')
await import(program.href)
