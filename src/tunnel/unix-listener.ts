import { chmod, lstat, mkdir, unlink } from 'node:fs/promises'
import { connect } from 'node:net'
import { fail } from '../base/errors.ts'
import { unixSocketPath } from '../config/listen-address.ts'
import type { Listen } from '../config/profiles.ts'
import { reasonOf } from '../net/dial.ts'
import { type Listener, openListener } from '../net/listener.ts'
import type { LocalListener } from './local-listener.ts'
import { portOwner } from './port-owner.ts'
import type { Tunnel } from './tunnel.ts'

/** The shortest `sun_path` there is, macOS's 104 bytes, less its NUL. */
const MAX_PATH_BYTES = 103

/**
 * Listens on DIRECTORY/.s.PGSQL.PORT, in a directory that only its owner can enter: that is what keeps others out.
 * A socket that nobody listens on any more is replaced, one in use is left alone.
 *
 * @throws LISTEN_FAILED
 */
export async function openUnixListener(
  listen: Extract<Listen, { kind: 'unix' }>,
  tunnel: Tunnel,
): Promise<LocalListener> {
  const { directory, port } = listen
  const path = unixSocketPath(listen)
  if (Buffer.byteLength(path) > MAX_PATH_BYTES) {
    fail('LISTEN_FAILED', { detail: `${path} is too long for a Unix socket`, fix: 'choose a shorter directory' })
  }
  await prepareDirectory(directory)
  const open = () =>
    openListener({ kind: 'unix', path }, (socket) => void tunnel.serve(socket, { name: path, tcp: undefined }))
  let listener: Listener
  try {
    listener = await open()
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EADDRINUSE') unusable(path, cause)
    await removeStale(path)
    listener = await open().catch((again: unknown) => unusable(path, again))
  }
  await chmod(path, 0o600)
  return { host: directory, port, close: () => listener.close() }
}

async function prepareDirectory(directory: string): Promise<void> {
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 })
    const found = await lstat(directory)
    if (!found.isDirectory()) fail('LISTEN_FAILED', { detail: `${directory} is not a directory` })
    if (found.uid !== process.getuid?.()) {
      fail('LISTEN_FAILED', {
        detail: `${directory} belongs to uid ${found.uid}`,
        fix: 'choose a directory of your own',
      })
    }
    if ((found.mode & 0o077) !== 0) {
      fail('LISTEN_FAILED', { detail: `other users can enter ${directory}`, fix: `chmod 700 ${directory}` })
    }
  } catch (error) {
    unusable(directory, error)
  }
}

async function removeStale(path: string): Promise<void> {
  const found = await lstat(path)
  if (!found.isSocket()) fail('LISTEN_FAILED', { detail: `${path} is there and is not a socket` })
  if (await answers(path)) {
    const ours = await portOwner({ kind: 'unix', path })
    const who = ours ? `the tunnel of profile ${ours.profile}, pid ${ours.pid}` : 'another program'
    fail('LISTEN_FAILED', {
      detail: `${path} is in use by ${who}`,
      fix: 'choose another port in its name, or another directory: --listen unix:DIR:PORT',
    })
  }
  await unlink(path)
}

/** Whether somebody listens there: a socket file outlives a process that was killed. */
function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path)
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code !== 'ECONNREFUSED'))
  })
}

function unusable(path: string, cause: unknown): never {
  if ((cause as { name?: string }).name === 'PgoauthError') throw cause
  return fail('LISTEN_FAILED', { detail: `${path}: ${reasonOf(cause)}`, fix: 'check --listen', cause })
}
