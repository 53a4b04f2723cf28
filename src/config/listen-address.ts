import type { Listen } from './profiles.ts'

/** Reads `127.0.0.1:6543`, `[::1]:6543`, `6543` or `unix:DIRECTORY`; undefined where it is none of them. */
export function parseListen(value: string): Listen | undefined {
  if (value.startsWith('unix:')) {
    const directory = value.slice('unix:'.length)
    return directory ? { kind: 'unix', directory } : undefined
  }
  const [, address = '127.0.0.1', portText = ''] =
    /^(?:(\[[0-9a-fA-F:.%\w]+\]|[^:[\]\s]+):)?(\d{1,5})$/.exec(value) ?? []
  const port = Number(portText)
  if (portText === '' || port > 65535) return undefined
  return { kind: 'tcp', address: address.replace(/^\[|\]$/g, ''), port }
}
