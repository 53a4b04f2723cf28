import { existsSync } from 'node:fs'

const PATHS = {
  psql: '/usr/bin/psql',
  chromium: '/usr/bin/chromium',
  'gnome-keyring': '/usr/bin/gnome-keyring-daemon',
  'secret-tool': '/usr/bin/secret-tool',
  dbus: '/usr/bin/dbus-daemon',
  tmux: '/usr/bin/tmux',
  zsh: '/usr/bin/zsh',
  fish: '/usr/bin/fish',
  strace: '/usr/bin/strace',
  java: '/usr/bin/java',
  pgjdbc: '/usr/share/java/postgresql.jar',
  psycopg2: '/usr/lib/python3/dist-packages/psycopg2',
} as const

export type Program = keyof typeof PATHS

/** Where it is; for `skip:` first ask skipWithout. */
export function programPath(program: Program): string {
  return PATHS[program]
}

/** For a test's `skip`: false where all are installed, otherwise the line that says what is not. .ci/packages.mjs installs them. */
export function skipWithout(...programs: Program[]): string | false {
  const missing = programs.filter((program) => !existsSync(PATHS[program]))
  return missing.length === 0 ? false : `${missing.join(', ')} not installed`
}
