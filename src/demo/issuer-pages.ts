/** The issuer's own pages: no script, no style or font from elsewhere, one form each at most. */
export function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escapeHtml(title)}</title>
<style>
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 26rem; margin: 12vh auto; padding: 0 1rem; color: #1b2330 }
  h1 { font-size: 1.3rem } code { font-size: 1.6rem; letter-spacing: .1em } small { color: #667 }
  input, button { font: inherit; padding: .5rem 1rem; border: 1px solid #aab; border-radius: .4rem; margin: .2rem .2rem .2rem 0 }
  button { background: #24508f; color: #fff; border-color: #24508f; cursor: pointer } button[name=abort] { background: #fff; color: #24508f }
</style></head>
<body><h1>${escapeHtml(title)}</h1>${body}</body></html>
`
}

/** Every account is a button: whoever stands before this page is whoever they say. */
export function loginPage(action: string, accounts: readonly string[]): string {
  const buttons = accounts.map(
    (name) => `<button name="account" value="${escapeHtml(name)}">${escapeHtml(name)}</button>`,
  )
  return page(
    'Sign in as',
    `<form method="post" action="${escapeHtml(action)}">${buttons.join('\n')}</form>
<p><small>This issuer lives for a demonstration: it knows these people and asks for no password.</small></p>`,
  )
}

export function consentPage(action: string, client: string, scopes: readonly string[]): string {
  return page(
    `${client} asks for access`,
    `<ul>${scopes.map((scope) => `<li>${escapeHtml(scope)}</li>`).join('')}</ul>
<form method="post" action="${escapeHtml(action)}">
<button name="consent" value="yes">Allow</button> <button name="abort" value="yes">Deny</button></form>`,
  )
}

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
