import type { CliContext } from './context.ts'
import { readProxyFiles } from './proxy-files.ts'
import { writeLine } from './terminal.ts'

export interface ProxyCheckRequest {
  readonly file: string
}

/** `pgoauth proxy check`. @throws CONFIG_INVALID with every mistake */
export async function checkProxy(context: CliContext, { file }: ProxyCheckRequest): Promise<void> {
  const { config, policies } = readProxyFiles(file)
  const names = [...config.databases.keys()].join(', ')
  writeLine(context.stderr, `${file}: no mistakes (databases: ${names}; policy files: ${policies.size})`)
}
