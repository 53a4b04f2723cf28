import { Chalk, type ChalkInstance } from 'chalk'

/** What a message to a person may be dressed with; plain text where colour is not wanted. */
export type Paint = ChalkInstance

/** Colour only on a terminal, without NO_COLOR (https://no-color.org), and where TERM can show it. */
export function paintFor(env: NodeJS.ProcessEnv, isTty: boolean): Paint {
  const plain = !isTty || (env.NO_COLOR ?? '') !== '' || env.TERM === 'dumb'
  return new Chalk({ level: plain ? 0 : 1 })
}

export { writeLine } from './line-output.ts'
