import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { DirectReader } from '../../src/net/direct-reader.ts'
import { readEagerly } from '../../src/net/eager-reading.ts'

/** A connection, its near side read as accepted sockets are, or by a DirectReader. */
async function pair(isDirect: boolean): Promise<{ near: Socket; far: Socket }> {
  const server = createServer({ pauseOnConnect: true })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  const reader = isDirect ? new DirectReader() : undefined
  const dialled = connect({ port, host: '127.0.0.1', ...(reader && { onread: reader.options }) })
  reader?.attach(dialled)
  const [accepted] = (await once(server, 'connection')) as [Socket]
  server.close()
  after(() => {
    dialled.destroy()
    accepted.destroy()
  })
  return isDirect ? { near: dialled, far: accepted } : { near: accepted, far: dialled }
}

for (const isDirect of [false, true]) {
  const how = isDirect ? 'a DirectReader' : 'its stream'

  test(`what a socket of ${how} reads comes in order, through pauses, to the end`, async () => {
    const { near, far } = await pair(isDirect)
    const sent = Buffer.alloc(4 * 1024 * 1024)
    for (let at = 0; at < sent.length; at += 4) sent.writeUInt32BE(at, at)
    const got: Buffer[] = []
    let isPaused = false
    readEagerly(near, (chunk) => {
      got.push(Buffer.from(chunk))
      if (got.length % 5 !== 0 || isPaused) return
      near.pause()
      isPaused = true
      setTimeout(() => {
        isPaused = false
        near.resume()
      }, 1)
    })
    near.resume()
    far.end(sent)
    await once(near, 'end')
    assert.ok(Buffer.concat(got).equals(sent))
  })

  test(`a socket of ${how} that is paused is not read without end`, async () => {
    const { near, far } = await pair(isDirect)
    let isTaken = false
    readEagerly(near, () => {
      isTaken = true
      near.pause()
    })
    near.resume()
    far.write(Buffer.alloc(64 * 1024 * 1024))
    for (let turn = 0; turn < 20; turn++) await sleep(5)
    assert.ok(isTaken)
    assert.ok(near.bytesRead < 4 * 1024 * 1024, `${near.bytesRead} bytes were read`)
  })

  test(`another reader of a socket of ${how} goes on where the first one ended`, async () => {
    const { near, far } = await pair(isDirect)
    const got: string[] = []
    const stop = readEagerly(near, (chunk) => {
      got.push(`first ${chunk}`)
      stop()
      near.pause()
      readEagerly(near, (next) => got.push(`second ${next}`))
      setImmediate(() => near.resume())
    })
    near.resume()
    far.write('a')
    while (got.length < 1) await sleep(1)
    far.end('b')
    await once(near, 'end')
    assert.deepEqual(got, ['first a', 'second b'])
  })
}
