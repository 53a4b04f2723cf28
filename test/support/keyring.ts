import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Keeper, startKeeper } from '../../src/demo/keeper.ts'
import { programPath } from './programs.ts'

export interface Keyring {
  /** For a command's environment, or `Object.assign(process.env, keyring.env)` before keytar is first used. */
  readonly env: { readonly DBUS_SESSION_BUS_ADDRESS: string; readonly HOME: string; readonly XDG_RUNTIME_DIR: string }
  /** Looks in from outside, with secret-tool: what is stored, or an empty text. */
  lookup(service: string, account: string): Promise<string>
  stop(): Promise<void>
}

/** The password of its login keyring. An empty one would have gnome-keyring keep it in the clear. */
const PASSWORD = 'correct horse battery staple'
const ATTEMPTS = 100

/**
 * A session bus and a gnome-keyring of their own for this test file. `locked` leaves out the password: then nothing can be stored
 * and nobody is there to be asked. `none` is a bus without a keyring. Ask skipWithout('gnome-keyring', 'dbus', 'secret-tool') first.
 */
export async function startKeyring(kind: 'unlocked' | 'locked' | 'none' = 'unlocked'): Promise<Keyring> {
  const keeper = await startKeeper('pgoauth-keyring-')
  after(() => keeper.end())
  const home = join(keeper.directory, 'home')
  const runtime = join(keeper.directory, 'run')
  for (const path of [home, runtime]) mkdirSync(path, { mode: 0o700 })
  const base = { PATH: process.env.PATH, HOME: home, XDG_RUNTIME_DIR: runtime }
  const config = join(keeper.directory, 'bus.conf')
  writeFileSync(config, busConfiguration(join(keeper.directory, 'bus')))
  const address = await new Promise<string>((resolve, reject) => {
    const bus = keeper.run(
      { command: programPath('dbus'), args: [`--config-file=${config}`, '--nofork', '--print-address'], env: base },
      (line) => resolve(line),
    )
    bus.ended.then(({ error }) => reject(new Error(`no session bus: ${error ?? 'it ended'}`)))
  })
  const env = { ...base, DBUS_SESSION_BUS_ADDRESS: address }

  const daemon = `${programPath('gnome-keyring')} --foreground --components=secrets`
  if (kind === 'unlocked') {
    // Without a newline: it would become part of the password.
    const command = `printf %s '${PASSWORD}' | ${daemon} --unlock`
    keeper.run({ command: '/bin/sh', args: ['-c', command], env })
    // It has a name on the bus before its collection can be written to.
    await until(
      async () => (await secretTool(keeper, env, 'printf x | secret-tool store --label=probe probe x')).code === 0,
    )
  } else if (kind === 'locked') {
    keeper.run({ command: '/bin/sh', args: ['-c', daemon], env })
  }
  return {
    env: { DBUS_SESSION_BUS_ADDRESS: address, HOME: home, XDG_RUNTIME_DIR: runtime },
    lookup: async (service, account) =>
      (await secretTool(keeper, env, `secret-tool lookup service '${service}' account '${account}'`)).output,
    stop: () => keeper.end(),
  }
}

/** A bus that starts nothing by itself: what is to be there, a test has started. */
function busConfiguration(socket: string): string {
  return `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path=${socket}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy>
</busconfig>
`
}

async function secretTool(
  keeper: Keeper,
  env: NodeJS.ProcessEnv,
  command: string,
): Promise<{ code: number | null; output: string }> {
  const lines: string[] = []
  const { code } = await keeper.run({ command: '/bin/sh', args: ['-c', command], env }, (line, stream) => {
    if (stream === 'stdout') lines.push(line)
  }).ended
  return { code, output: lines.join('\n') }
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    if (await holds()) return
    await sleep(100)
  }
  throw new Error('the keyring did not come up')
}
