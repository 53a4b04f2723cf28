import { readFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import type { Surroundings } from './surroundings.ts'

const ANSWER_TIMEOUT_MS = 1_000

/**
 * Whether the display that the environment names is known not to answer: left over from a session that has ended, passed
 * into a container or through `su`. A browser told of it would come up nowhere, and `xdg-open` says nothing of that.
 * False where nothing is known, and where `$BROWSER` or WSL do without one.
 *
 * @see https://www.x.org/releases/current/doc/man/man7/X.7.xhtml DISPLAY NAMES
 */
export async function isDisplayDead({ env, platform }: Surroundings): Promise<boolean> {
  if (platform === 'darwin' || platform === 'win32' || env.BROWSER || env.WSL_DISTRO_NAME) return false
  const dead = await Promise.all([isWaylandDead(env), isX11Dead(env.DISPLAY)])
  return dead.some((one) => one === true) && dead.every((one) => one !== false)
}

/** Undefined where none is named. */
async function isWaylandDead({ WAYLAND_DISPLAY: name, XDG_RUNTIME_DIR: folder }: NodeJS.ProcessEnv) {
  if (!name) return undefined
  if (name.startsWith('/')) return refuses({ path: name })
  return folder ? refuses({ path: join(folder, name) }) : false
}

async function isX11Dead(display: string | undefined) {
  if (!display) return undefined
  const [, host, number] = /^([^:]*):(\d+)(?:\.\d+)?$/.exec(display) ?? []
  if (number === undefined) return false
  if (host !== '' && host !== 'unix') return refuses({ host: host ?? '', port: 6000 + Number(number) })
  const path = `/tmp/.X11-unix/X${number}`
  return (await refuses({ path })) && !(await hasAbstractSocket(path))
}

/** Linux: a socket without a file, by the same name. */
async function hasAbstractSocket(name: string): Promise<boolean> {
  const sockets = await readFile('/proc/net/unix', 'utf8').catch(() => '')
  return sockets.split('\n').some((line) => line.endsWith(` @${name}`))
}

/** True only where it is certain that nobody listens. */
function refuses(at: { path: string } | { host: string; port: number }): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(at)
    const tell = (refused: boolean) => {
      socket.destroy()
      resolve(refused)
    }
    socket.once('connect', () => tell(false))
    socket.once('error', ({ code }: NodeJS.ErrnoException) => tell(code === 'ENOENT' || code === 'ECONNREFUSED'))
    socket.setTimeout(ANSWER_TIMEOUT_MS, () => tell(false))
  })
}
