// The Debian packages that tests use beside what npm installs, and why. Without one of them the tests that need
// it skip and say so; on a machine of continuous integration, which is root on Debian, all are installed.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'

const PACKAGES = [
  { name: 'postgresql-client', file: '/usr/bin/psql', why: 'psql 15 through the tunnel' },
  { name: 'chromium', file: '/usr/bin/chromium', why: 'login in a real browser' },
  { name: 'gnome-keyring', file: '/usr/bin/gnome-keyring-daemon', why: 'a real keychain to keep logins in' },
  { name: 'libsecret-1-0', file: '/usr/share/doc/libsecret-1-0', why: 'how keytar speaks to the keychain' },
  { name: 'libsecret-tools', file: '/usr/bin/secret-tool', why: 'looks into the keychain from outside' },
  { name: 'dbus', file: '/usr/bin/dbus-run-session', why: 'a session bus of its own for each keychain' },
  { name: 'tmux', file: '/usr/bin/tmux', why: 'a terminal for what behaves otherwise on one' },
  { name: 'zsh', file: '/usr/bin/zsh', why: 'its completion script' },
  { name: 'fish', file: '/usr/bin/fish', why: 'its completion script' },
  { name: 'strace', file: '/usr/bin/strace', why: 'what a tunnel asks of its sockets' },
  { name: 'libpostgresql-jdbc-java', file: '/usr/share/java/postgresql.jar', why: 'pgjdbc, where there is a JDK' },
  { name: 'python3-psycopg2', file: '/usr/lib/python3/dist-packages/psycopg2', why: 'a driver built on libpq' },
]

/** A machine without a network must not be waited for. */
const PATIENCE = ['-qq', '-o', 'Acquire::http::Timeout=20', '-o', 'Acquire::Retries=1', '-o', 'DPkg::Lock::Timeout=60']
const APT_TIMEOUT_MS = 600_000

/** Installs what is missing when root on a Debian; says what is missing elsewhere. Never fails: tests skip. */
export function installPackages() {
  const missing = PACKAGES.filter(({ file }) => !existsSync(file))
  if (missing.length === 0) return
  const names = missing.map(({ name }) => name)
  if (process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) {
    console.error(`test: installing ${names.join(' ')}`)
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
    const apt = (...args) =>
      spawnSync('apt-get', [...PATIENCE, ...args], { env, stdio: ['ignore', 'ignore', 2], timeout: APT_TIMEOUT_MS })
        .status === 0
    const install = (...wanted) => apt('install', '-y', '--no-install-recommends', ...wanted)
    // One list of several that cannot be had is a failed update, and the packages may be there all the same.
    const updated = apt('update')
    if (install(...names)) return
    // One package that a distribution does not have fails them all.
    if (updated) for (const name of names) install(name)
    else console.error('test: apt-get failed')
  }
  for (const { name, why } of missing.filter(({ file }) => !existsSync(file))) {
    console.error(`test: ${name} is not installed, so tests that need it skip (${why})`)
  }
}
