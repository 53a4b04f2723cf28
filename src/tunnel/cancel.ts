import type { Clock } from '../base/clock.ts'
import { asPgoauthError } from '../base/errors.ts'
import { type CancelRequest, encodeCancelRequest } from '../wire/startup.ts'
import { openRemoteLink, type Remote } from './remote-link.ts'

/** How long the remote side may take to close the connection, which is its answer. */
const CANCEL_TIMEOUT_MS = 5000

/**
 * Sends a cancel request to the machine that runs the session, over TLS of its own, and waits until that side has
 * closed: the client takes our closing for a sign that the request has arrived. Gives what became of it, in words.
 */
export async function forwardCancel(
  { processId, secretKey }: CancelRequest,
  { profile, address, clock }: { profile: Remote; address: string; clock: Clock },
): Promise<string> {
  const deadline = new AbortController()
  const stop = clock.after(CANCEL_TIMEOUT_MS, () => deadline.abort(new Error('no answer to the cancel request')))
  try {
    const link = await openRemoteLink(profile, { clock, address, signal: deadline.signal })
    link.stream.write(encodeCancelRequest(processId, secretKey))
    await link.inbox.take(() => undefined)
    link.stream.destroy()
    return 'cancel request delivered'
  } catch (error) {
    return `cancel request not delivered: ${asPgoauthError(error).message}`
  } finally {
    stop()
  }
}
