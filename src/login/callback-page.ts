import { createHash } from 'node:crypto'

/** What the browser shows at the end of a login. */
export interface CallbackPage {
  readonly ok: boolean
  readonly title: string
  /** Plain text; the page escapes it. */
  readonly message: string
}

/**
 * One self-contained page: nothing is loaded from anywhere, light and dark. The code in the address is wiped from
 * the address bar and the history by the page's only script, which its Content-Security-Policy names by hash.
 */
export function renderCallbackPage({ ok, title, message }: CallbackPage): {
  html: string
  headers: Record<string, string>
} {
  const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(title)} · pgoauth</title>
<style>${STYLE}</style>
<script>${SCRIPT}</script>
</head>
<body>
<main class="${ok ? 'ok' : 'failed'}">
<svg viewBox="0 0 48 48" aria-hidden="true"><circle cx="24" cy="24" r="22"/><path d="${ok ? 'M15 25l6 6 12-14' : 'M17 17l14 14M31 17L17 31'}"/></svg>
<h1>${escapeHtml(title)}</h1>
<p>${escapeHtml(message)}</p>
<footer>pgoauth</footer>
</main>
</body>
</html>
`
  return {
    html,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'content-security-policy': `default-src 'none'; style-src ${hashOf(STYLE)}; script-src ${hashOf(SCRIPT)}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
    },
  }
}

const SCRIPT = `history.replaceState(null, '', location.pathname)`

const STYLE = `
:root { --back: #f4f5f7; --card: #ffffff; --text: #1c2430; --soft: #5b6675; --line: #dfe3e8; --ok: #1a7f4b; --failed: #b3372f }
@media (prefers-color-scheme: dark) {
  :root { --back: #12161c; --card: #1b212a; --text: #e8ecf1; --soft: #9aa6b5; --line: #2c3440; --ok: #4cc38a; --failed: #ff8078 }
}
* { box-sizing: border-box }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1.5rem; background: var(--back); color: var(--text);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif }
main { width: 100%; max-width: 27rem; padding: 2.75rem 2rem 1.5rem; text-align: center; background: var(--card);
  border: 1px solid var(--line); border-radius: 14px }
svg { width: 3.5rem; height: 3.5rem; fill: none; stroke-width: 3; stroke-linecap: round; stroke-linejoin: round }
.ok svg { stroke: var(--ok) } .failed svg { stroke: var(--failed) }
h1 { margin: 1rem 0 .5rem; font-size: 1.35rem; line-height: 1.3; font-weight: 650 }
p { margin: 0; color: var(--soft); overflow-wrap: anywhere }
footer { margin-top: 2.25rem; padding-top: 1rem; border-top: 1px solid var(--line); color: var(--soft); font-size: .8rem; letter-spacing: .04em }
`

function hashOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`
}

function escapeHtml(text: string): string {
  const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? '')
}
