import { after } from 'node:test'
import { type Browser, chromium } from 'playwright-core'
import { programPath } from './programs.ts'
import { temporaryDirectory } from './temporary-directory.ts'

/** What makes Chromium start in a container, as root, and keep from calling home. */
const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-dev-shm-usage',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
]

/** A headless Chromium, closed after the file's last test. Ask skipWithout('chromium') first. */
export async function launchChromium(): Promise<Browser> {
  const home = temporaryDirectory()
  const env = { PATH: String(process.env.PATH), HOME: home, XDG_RUNTIME_DIR: home }
  const browser = await chromium.launch({ executablePath: programPath('chromium'), args: ARGUMENTS, env })
  after(() => browser.close())
  return browser
}
