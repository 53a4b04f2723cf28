// Everything that must hold before a change lands: install, compile, lint, run every test. Ends with node's count.
// Further arguments name test files or folders to run alone: npm test -- test/wire
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { installPackages } from './packages.mjs'
import { setUp } from './setup.mjs'

/** A file that runs longer is taken for hung: its tests are given up, and count as failed. */
const FILE_TIMEOUT_MS = 300_000
/** As many as the machines we run on have cores: with more, whatever waits for something waits too long for it. */
const FILES_AT_ONCE = 2
/** Hundreds of clients at full speed: beside each other at the end, so that no other file has to share the machine with them. */
const CROWDS = ['never-mixed', 'worker-mixing']

process.chdir(dirname(dirname(fileURLToPath(import.meta.url))))
await setUp()
installPackages()

const linted = spawnSync(process.execPath, ['node_modules/@biomejs/biome/bin/biome', 'check', '.'], {
  stdio: ['ignore', 'inherit', 'inherit'],
})
if (linted.status !== 0) console.error('test: the linter found mistakes (npm run format mends some)')

const only = process.argv.slice(2).map((path) => path.replace(/\.ts$/, '.js'))
const isCrowd = (file) => CROWDS.some((name) => file.endsWith(`${sep}${name}.test.js`))
const files = testFiles(join('dist', 'test'))
  .filter((file) => {
    const path = relative('dist', file).split(sep).join('/')
    return only.length === 0 || only.some((one) => path === one || path.startsWith(one.replace(/\/?$/, '/')))
  })
  .sort((a, b) => Number(isCrowd(a)) - Number(isCrowd(b)))
if (files.length === 0) {
  console.error('test: no test files match')
  process.exit(1)
}

const tested = spawnSync(
  process.execPath,
  [join('.ci', 'test-files.mjs'), String(FILES_AT_ONCE), String(FILE_TIMEOUT_MS), ...files],
  { stdio: ['ignore', 'inherit', 'inherit'], env: testEnvironment() },
)
process.exitCode = tested.status || linted.status || (tested.signal || linted.signal ? 1 : 0)

/**
 * Our environment without what would steer libpq and its kin, pgoauth itself, colours, proxies, the keychain and browsers
 * some other way than the tests have it. PGOAUTH_TEST_… and the like are the tests' own.
 */
function testEnvironment() {
  const steers =
    /^(PG(?!OAUTH_)|PGOAUTH_(?!TEST_|FUZZ_|MIXING_|FLOOD|SCRIPTS)|DATABASE_URL$|(https?|all|no)_proxy$|NO_COLOR$|FORCE_COLOR$|DISPLAY$|WAYLAND_DISPLAY$|BROWSER$|DBUS_|GNOME_KEYRING_|SSH_|XDG_|LC_|LANG(UAGE)?$|npm_lifecycle)/i
  const kept = Object.entries(process.env).filter(([name]) => !steers.test(name))
  return { HOME: homedir(), ...Object.fromEntries(kept), LANG: 'C.UTF-8' }
}

/** Every *.test.js below a folder; what lies under bench/ measures and does not test. */
function testFiles(folder) {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(folder, entry.name)
      if (entry.isDirectory()) return entry.name === 'bench' ? [] : testFiles(path)
      return entry.name.endsWith('.test.js') ? [path] : []
    })
}
