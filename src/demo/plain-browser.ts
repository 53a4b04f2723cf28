import { fail } from '../base/errors.ts'

/** More pages than any login of ours has. */
const MOST_PAGES = 20

/**
 * Goes through the issuer's pages as a person would who is `account` and agrees to everything, or refuses: follows redirects, keeps
 * cookies, submits forms. Made for the demo's own issuer, with a device's verification URL or an authorization URL.
 *
 * Gives the text of the last page: the issuer's, or that of the client's loopback redirect.
 *
 * @throws DEMO_FAILED when the pages do not come to an end.
 */
export async function browse(
  start: string,
  { account, refuse = false }: { account: string; refuse?: boolean },
): Promise<string> {
  const cookies = new Map<string, string>()
  let next: { url: string; form?: URLSearchParams } = { url: start }
  for (let pages = 0; pages < MOST_PAGES; pages++) {
    const response = await fetch(next.url, {
      redirect: 'manual',
      headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
      ...(next.form && { method: 'POST', body: next.form }),
    })
    for (const cookie of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? []
      if (value === '') cookies.delete(name)
      else cookies.set(name, value)
    }
    const text = await response.text()
    const location = response.headers.get('location')
    if (location !== null) {
      next = { url: new URL(location, next.url).href }
      continue
    }
    const form = readForm(text)
    if (form === undefined || next.form?.has('abort')) return text
    if (refuse && text.includes('name="abort"')) form.fields.set('abort', 'yes')
    else if (text.includes('name="account"')) form.fields.set('account', account)
    else if (text.includes('name="consent"')) form.fields.set('consent', 'yes')
    next = { url: new URL(form.action, next.url).href, form: form.fields }
  }
  return fail('DEMO_FAILED', { detail: `the login at ${new URL(start).origin} did not come to an end` })
}

/** The first form of a page with its hidden fields. */
function readForm(html: string): { action: string; fields: URLSearchParams } | undefined {
  const [, formTag, body = ''] = /<form\b([^>]*)>([\s\S]*?)<\/form>/.exec(html) ?? []
  if (formTag === undefined) return undefined
  const fields = new URLSearchParams()
  for (const [input] of body.matchAll(/<input\b[^>]*>/g)) {
    if (attribute(input, 'type') === 'hidden') fields.set(attribute(input, 'name'), attribute(input, 'value'))
  }
  return { action: attribute(formTag, 'action'), fields }
}

function attribute(tag: string, name: string): string {
  const [, value = ''] = new RegExp(`\\b${name}="([^"]*)"`).exec(tag) ?? []
  return value
    .replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)))
    .replace(/&quot;/g, '"')
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&amp;/g, '&')
}
