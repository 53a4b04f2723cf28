import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after } from 'node:test'

export interface Asked {
  readonly method: string
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

type Answer = (response: ServerResponse, asked: Asked) => void

/** An HTTP server on loopback that answers as it is told to, path by path, and notes what it was asked. */
export interface ScriptedIssuer {
  readonly url: string
  readonly asked: Asked[]
  on(path: string, answer: Answer | Record<string, unknown>): void
}

/** For what a real issuer cannot be made to do. Gone after the test file's last test. */
export async function startScriptedIssuer(): Promise<ScriptedIssuer> {
  const answers = new Map<string, Answer>()
  const asked: Asked[] = []
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const path = request.url ?? ''
    const one = { method: request.method ?? '', path, headers: request.headers, body: Buffer.concat(chunks).toString() }
    asked.push(one)
    const answer = answers.get(path)
    if (answer) answer(response, one)
    else response.writeHead(404).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  after(() => {
    server.closeAllConnections()
    server.close()
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url,
    asked,
    on(path, answer) {
      const json: Answer = (response) => response.end(JSON.stringify(answer))
      answers.set(path, typeof answer === 'function' ? answer : json)
    },
  }
}
