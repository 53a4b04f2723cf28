import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import type { Page } from 'playwright-core'
import { launchChromium } from '../support/chromium.ts'
import { startTestIssuer } from '../support/issuer.ts'
import { openLaptop, profileFor } from '../support/laptop.ts'
import { skipWithout } from '../support/programs.ts'

/** To be looked at after the tests; by whoever ran them, since another user's files cannot be replaced. */
const SCREENSHOTS = join(tmpdir(), `pgoauth-pages-${userInfo().uid}`)
mkdirSync(SCREENSHOTS, { recursive: true })

const skip = skipWithout('chromium')
const issuer = await startTestIssuer()
const laptop = openLaptop(profileFor(issuer))
const browser = skip ? undefined : await launchChromium()

describe('login in Chromium', { skip }, () => {
  /** A login that waits at its printed address, and a page that stands there. */
  async function startLogin(options: { colorScheme?: 'light' | 'dark' } = {}) {
    const command = laptop.start(['login', '--browser', '--no-open'])
    const [address] = await command.says(/http:\/\/\S+\/auth\?\S+/)
    const ended = new Promise<number | null>((resolve) => command.process.once('close', resolve))
    const context = await browser?.newContext({ viewport: { width: 800, height: 560 }, ...options })
    assert.ok(context)
    const page = await context.newPage()
    await page.goto(address)
    return { command, address: new URL(address), page, ended }
  }

  const signIn = (page: Page) => page.getByRole('button', { name: 'ada' }).click()

  for (const colorScheme of ['light', 'dark'] as const) {
    test(`a ${colorScheme} page says that the login is done, and holds nothing of it`, async () => {
      const { page, ended, command } = await startLogin({ colorScheme })
      const loaded: string[] = []
      page.on('request', (request) => loaded.push(request.url()))
      const complaints: string[] = []
      page.on('console', (message) => {
        // Chromium says so of the icon, too, that it asks for by itself; what the pages ask for is looked at below.
        if (!message.text().startsWith('Failed to load resource')) complaints.push(message.text())
      })
      page.on('response', (response) => {
        if (response.status() >= 400) complaints.push(`${response.status()} ${response.url()}`)
      })
      await signIn(page)
      await page.getByRole('button', { name: 'Allow' }).click()
      await page.getByRole('heading', { name: 'Logged in to prod' }).waitFor()

      assert.equal(await ended, 0, command.lines.join('\n'))
      assert.match(page.url(), /^http:\/\/127\.0\.0\.1:\d+\/callback$/, 'the code is gone from the address')
      const code = new URL(loaded.find((url) => url.includes('code=')) ?? '').searchParams.get('code') ?? 'none'
      const html = await page.content()
      assert.ok(!html.includes(code), 'no code in the page')
      assert.doesNotMatch(html, /eyJ/, 'no token in the page')
      assert.doesNotMatch(html, /(src|href)=/, 'nothing is loaded from elsewhere')
      assert.deepEqual(complaints, [], 'the Content-Security-Policy fits the page')
      await page.screenshot({ path: join(SCREENSHOTS, `login-${colorScheme}.png`) })
    })
  }

  test('consent that is denied ends the login, here and in the page', async () => {
    const { page, ended, command } = await startLogin()
    await signIn(page)
    await page.getByRole('button', { name: 'Deny' }).click()
    await page.getByRole('heading', { name: 'Not logged in' }).waitFor()
    assert.equal(await ended, 4)
    assert.match(command.lines.join('\n'), /login was denied: .*consent was not given/)
    await page.screenshot({ path: join(SCREENSHOTS, 'login-denied.png') })
  })
})
