export interface Surroundings {
  readonly env: NodeJS.ProcessEnv
  readonly platform: NodeJS.Platform
}

/** Whether a browser on this machine would be in front of the person: not over SSH, not in CI, not without a display. */
export function hasBrowser({ env, platform }: Surroundings): boolean {
  if (isSet(env.CI) || isOverSsh({ env, platform })) return false
  if (platform === 'darwin' || platform === 'win32') return true
  // WSL shows a Windows browser; $BROWSER names one that somebody set up on purpose.
  return isSet(env.DISPLAY) || isSet(env.WAYLAND_DISPLAY) || isSet(env.WSL_DISTRO_NAME) || isSet(env.BROWSER)
}

export function isOverSsh({ env }: Surroundings): boolean {
  return isSet(env.SSH_CONNECTION) || isSet(env.SSH_TTY) || isSet(env.SSH_CLIENT)
}

/**
 * The command that makes this machine's loopback port reachable from the person's own, where they came by SSH.
 * The address is the one they reached, which `SSH_CONNECTION` holds as its third word.
 */
export function sshForwardLine(env: NodeJS.ProcessEnv, user: string, port: number): string | undefined {
  const [, , address, sshPort] = (env.SSH_CONNECTION ?? '').split(' ')
  if (!address)
    return isSet(env.SSH_TTY) || isSet(env.SSH_CLIENT) ? forward(`${user}@THIS-MACHINE`, '22', port) : undefined
  return forward(`${user}@${address}`, sshPort ?? '22', port)
}

function forward(target: string, sshPort: string, port: number): string {
  const option = sshPort === '22' ? '' : `-p ${sshPort} `
  return `ssh ${option}-N -L ${port}:127.0.0.1:${port} ${target}`
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== '' && value !== 'false' && value !== '0'
}
