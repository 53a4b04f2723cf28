import assert from 'node:assert/strict'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { isDisplayDead } from '../../src/login/display.ts'
import { startTestIssuer } from '../support/issuer.ts'
import { openLaptop, profileFor } from '../support/laptop.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

const folder = temporaryDirectory()
const wayland = createServer().listen(join(folder, 'wayland-0'))
await once(wayland, 'listening')
after(() => wayland.close())

const DEAD_X11 = ':9173'
const DEAD_WAYLAND = { WAYLAND_DISPLAY: 'wayland-9', XDG_RUNTIME_DIR: folder }
const ALIVE_WAYLAND = { WAYLAND_DISPLAY: 'wayland-0', XDG_RUNTIME_DIR: folder }

const CASES: readonly (readonly [NodeJS.Platform, Record<string, string>, boolean])[] = [
  ['linux', { DISPLAY: DEAD_X11 }, true],
  ['linux', { DISPLAY: `unix${DEAD_X11}.0` }, true],
  ['linux', { DISPLAY: '127.0.0.1:59000' }, true],
  ['linux', DEAD_WAYLAND, true],
  ['linux', { ...DEAD_WAYLAND, DISPLAY: DEAD_X11 }, true],
  ['linux', { ...ALIVE_WAYLAND, DISPLAY: DEAD_X11 }, false],
  ['linux', ALIVE_WAYLAND, false],
  ['linux', {}, false],
  ['linux', { DISPLAY: 'something else' }, false],
  ['linux', { DISPLAY: DEAD_X11, BROWSER: '/usr/bin/w3m' }, false],
  ['linux', { DISPLAY: DEAD_X11, WSL_DISTRO_NAME: 'Debian' }, false],
  ['darwin', { DISPLAY: DEAD_X11 }, false],
]

for (const [platform, env, expected] of CASES) {
  test(`${platform} with ${JSON.stringify(env)}: the display is ${expected ? 'dead' : 'not known to be dead'}`, async () => {
    assert.equal(await isDisplayDead({ platform, env }), expected)
  })
}

test('the device flow is chosen by itself where the display that DISPLAY names is gone', async () => {
  const issuer = await startTestIssuer()
  const command = openLaptop(profileFor(issuer), { DISPLAY: DEAD_X11 }).start(['login'])
  await command.says(/enter the code/)
  await command.end()
})

for (const [when, script] of [
  ['at once', 'exit 3'],
  ['after a while', 'sleep 2; exit 1'],
] as const) {
  test(`a browser that fails ${when} gives way to the device flow`, async () => {
    const issuer = await startTestIssuer()
    const laptop = openLaptop(profileFor(issuer), {})
    const browser = join(laptop.home, 'browser')
    writeFileSync(browser, `#!/bin/sh\n${script}\n`, { mode: 0o755 })
    const command = laptop.start(['login'], { env: { BROWSER: browser } })
    await command.says(/enter the code/)
    await command.end()
  })
}

test('a browser that was opened and ends is one that somebody used: the login waits on', async () => {
  const issuer = await startTestIssuer()
  const laptop = openLaptop(profileFor(issuer))
  const browser = join(laptop.home, 'browser')
  writeFileSync(browser, '#!/bin/sh\nexit 0\n', { mode: 0o755 })
  const command = laptop.start(['login'], { env: { BROWSER: browser } })
  await command.says(/waiting for the browser/)
  assert.ok(!command.lines.some((line) => /enter the code/.test(line)))
  await command.end()
})
