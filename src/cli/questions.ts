import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { fail } from '../base/errors.ts'
import { Secret } from '../base/secret.ts'
import type { CliContext } from './context.ts'
import { writeLine } from './terminal.ts'

/** Asks one question at the terminal; an empty answer gives `otherwise`. @throws USAGE when input ends or Ctrl-C. */
export async function ask(context: CliContext, question: string, otherwise = ''): Promise<string> {
  const shown = otherwise ? `${question} [${otherwise}]: ` : `${question}: `
  const answer = (await readAnswer(context, shown, context.stderr)).trim()
  return answer || otherwise
}

/** Asks for yes or no; nothing but a clear yes is one. */
export async function confirm(context: CliContext, question: string): Promise<boolean> {
  return /^y(es)?$/i.test(await ask(context, `${question} [y/N]`))
}

/** Asks without showing what is typed; twice where it is new, since nobody could ever repair a slip. */
export async function askPassphrase(context: CliContext, isNew: boolean): Promise<Secret> {
  const first = await askHidden(
    context,
    isNew ? 'New passphrase for stored logins: ' : 'Passphrase for stored logins: ',
  )
  if (first === '') fail('USAGE', { detail: 'the passphrase is empty', fix: 'give one, or set PGOAUTH_STORE_KEY' })
  if (isNew && (await askHidden(context, 'The same again: ')) !== first) {
    fail('USAGE', { detail: 'the two passphrases differ', fix: 'try again' })
  }
  return new Secret(first)
}

async function askHidden(context: CliContext, question: string): Promise<string> {
  // readline echoes through its output; one that swallows everything is a silent terminal.
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() })
  context.stderr.write(question)
  try {
    return await readAnswer(context, '', silent)
  } finally {
    writeLine(context.stderr, '')
  }
}

async function readAnswer(context: CliContext, question: string, output: NodeJS.WritableStream): Promise<string> {
  const lines = createInterface({ input: context.stdin, output, terminal: true, historySize: 0 })
  const ended = new AbortController()
  lines.once('close', () => ended.abort())
  lines.once('SIGINT', () => lines.close())
  try {
    return await lines.question(question, { signal: ended.signal })
  } catch (error) {
    fail('USAGE', { detail: 'no answer', cause: error })
  } finally {
    lines.close()
  }
}
