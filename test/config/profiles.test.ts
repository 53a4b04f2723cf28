import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { describe, test } from 'node:test'
import { pathsOf } from '../../src/config/paths.ts'
import { loadProfiles, type ProfileFlags, resolveProfile } from '../../src/config/profiles.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

function machine(config: string | undefined, env: Record<string, string> = {}) {
  const home = temporaryDirectory()
  const paths = pathsOf({ env, home, platform: 'linux' })
  if (config !== undefined) {
    mkdirSync(dirname(paths.configFile), { recursive: true })
    writeFileSync(paths.configFile, config)
  }
  return {
    home,
    paths,
    folder: dirname(paths.configFile),
    resolve: (name?: string, flags?: ProfileFlags, more: Record<string, string> = {}) =>
      resolveProfile(name, { env: { ...env, ...more }, home, paths, ...(flags && { flags }) }),
  }
}

const ISSUER = 'issuer: https://id.example.com, client_id: pgoauth'
const TWO = `default: prod\nprofiles:\n  prod: { ${ISSUER}, host: prod.example.com }\n  test: { ${ISSUER}, host: test.example.com }\n`

describe('which profile', () => {
  test('the one that is named', async () => assert.equal((await machine(TWO).resolve('test')).host, 'test.example.com'))

  test('without a name the default one', async () => assert.equal((await machine(TWO).resolve()).name, 'prod'))

  test('without a default the only one', async () => {
    assert.equal((await machine(`profiles:\n  only: { ${ISSUER} }\n`).resolve()).name, 'only')
  })

  test('of several without a default none: exit code 2, and they are named', async () => {
    const several = machine(TWO.replace('default: prod\n', ''))
    await assert.rejects(several.resolve(), { code: 'USAGE', exit: 2, message: /prod, test/ })
  })

  test('a mistyped name gets a suggestion', async () => {
    await assert.rejects(machine(TWO).resolve('prdo'), {
      code: 'PROFILE_UNKNOWN',
      exit: 2,
      message: /there is no profile "prdo" .* did you mean "prod"\?/,
    })
  })

  test('a default that is not there is told at its place', async () => {
    await assert.rejects(machine(`default: porod\nprofiles:\n  prod: { ${ISSUER} }\n`).resolve(), {
      code: 'CONFIG_INVALID',
      message: /config\.yaml:1:10: default: there is no profile "porod"/,
    })
  })

  test('without a file, flags and environment make one up', async () => {
    const profile = await machine(undefined).resolve(undefined, { issuer: 'https://id.example.com', client_id: 'x' })
    assert.deepEqual([profile.name, profile.issuer, profile.clientId], ['default', 'https://id.example.com', 'x'])
  })

  test('without anything the way to a first profile is named', async () => {
    await assert.rejects(machine(undefined).resolve(), { code: 'USAGE', fix: 'pgoauth profile add NAME' })
  })

  test('a name that every object has is no profile', async () => {
    await assert.rejects(machine(TWO).resolve('toString'), { code: 'PROFILE_UNKNOWN' })
    await assert.rejects(machine(TWO).resolve('__proto__'), { code: 'PROFILE_UNKNOWN' })
  })
})

describe('precedence', () => {
  test('a flag wins over the environment, the environment over the file', async () => {
    const one = machine(`profiles:\n  p: { ${ISSUER}, host: file, port: 1, user: file }\n`)
    const env = { PGOAUTH_HOST: 'environment', PGOAUTH_PORT: '2' }
    const { host, port, user } = await one.resolve('p', { host: 'flag' }, env)
    assert.deepEqual([host, port, user], ['flag', 2, 'file'])
  })

  test('every key can be given by the environment', async () => {
    const env = {
      PGOAUTH_HOST: 'h',
      PGOAUTH_PORT: '6432',
      PGOAUTH_DATABASE: 'd',
      PGOAUTH_USER: 'u',
      PGOAUTH_TLS_MODE: 'verify-ca',
      PGOAUTH_TLS_CA: '/ca',
      PGOAUTH_TLS_CERT: '/cert',
      PGOAUTH_TLS_KEY: '/key',
      PGOAUTH_TLS_SERVER_NAME: 's',
      PGOAUTH_SSLNEGOTIATION: 'direct',
      PGOAUTH_INSECURE_LOOPBACK: 'true',
      PGOAUTH_ISSUER: 'https://i.example.com',
      PGOAUTH_CLIENT_ID: 'c',
      PGOAUTH_CLIENT_SECRET_ENV: 'SECRET',
      PGOAUTH_CLIENT_KEY: '/client.pem',
      PGOAUTH_SCOPES: 'openid, a:read b:read',
      PGOAUTH_RESOURCE: 'postgres://prod',
      PGOAUTH_AUDIENCE: 'aud',
      PGOAUTH_FLOW: 'device',
      PGOAUTH_TOKEN_FILE: '/token',
      PGOAUTH_EXEC: '["tool", "an argument"]',
      PGOAUTH_STORE: 'file',
      PGOAUTH_AUTH: 'password',
      PGOAUTH_LISTEN: '[::1]:6543',
      PGOAUTH_LOCAL_AUTH: 'password',
      PGOAUTH_ALLOW_REMOTE: 'yes',
      PGOAUTH_REDIRECT: 'http://127.0.0.1:1/cb http://localhost:2/cb',
      PGOAUTH_ISSUER_TLS_CA: '/corp',
    }
    const { name: _, ...profile } = await machine(undefined).resolve(undefined, {}, env)
    assert.deepEqual(profile, {
      host: 'h',
      port: 6432,
      database: 'd',
      user: 'u',
      tls: { mode: 'verify-ca', ca: '/ca', cert: '/cert', key: '/key', serverName: 's' },
      sslnegotiation: 'direct',
      insecureLoopback: true,
      issuer: 'https://i.example.com',
      clientId: 'c',
      clientSecretEnv: 'SECRET',
      clientKey: '/client.pem',
      scopes: ['openid', 'a:read', 'b:read'],
      resource: ['postgres://prod'],
      audience: 'aud',
      flow: 'device',
      tokenFile: '/token',
      exec: ['tool', 'an argument'],
      store: 'file',
      auth: 'password',
      listen: { kind: 'tcp', address: '::1', port: 6543 },
      localAuth: 'password',
      allowRemote: true,
      redirect: ['http://127.0.0.1:1/cb', 'http://localhost:2/cb'],
      issuerTls: { ca: '/corp' },
    })
  })

  test('a key inside tls replaces that key alone', async () => {
    const one = machine(`profiles:\n  p: { ${ISSUER}, tls: { mode: verify-ca, ca: ./a.pem } }\n`)
    const { tls } = await one.resolve('p', { 'tls.server_name': 'other' })
    assert.deepEqual([tls.mode, tls.ca, tls.serverName], ['verify-ca', join(one.folder, 'a.pem'), 'other'])
  })

  test('a wrong value is told by the flag or variable it came from', async () => {
    const one = machine(TWO)
    await assert.rejects(one.resolve('prod', { port: 'many' }), { code: 'USAGE', message: /--port: / })
    await assert.rejects(one.resolve('prod', {}, { PGOAUTH_STORE: 'floppy' }), { message: /PGOAUTH_STORE: / })
    await assert.rejects(one.resolve('prod', {}, { PGOAUTH_ISSUER: 'http://id.example.com' }), { message: /https/ })
  })

  test('an empty variable is one that is not set', async () => {
    assert.equal((await machine(TWO).resolve('prod', {}, { PGOAUTH_HOST: '' })).host, 'prod.example.com')
  })

  test('files of the file are relative to its folder, those of flags to the working directory', async () => {
    const one = machine(`profiles:\n  p: { ${ISSUER}, tls: { ca: ./ca.pem }, issuer_tls: { ca: ~/corp.pem } }\n`)
    const profile = await one.resolve('p', { client_key: 'key.pem' })
    assert.equal(profile.tls.ca, join(one.folder, 'ca.pem'))
    assert.equal(profile.issuerTls.ca, join(one.home, 'corp.pem'))
    assert.equal(profile.clientKey, resolve('key.pem'))
  })
})

describe('mistakes', () => {
  const CASES: readonly (readonly [string, RegExp])[] = [
    [`profiles:\n  p:\n    hots: x\n`, /:3:5: unknown key "hots"; did you mean "host"\?/],
    [`profiles:\n  p:\n    tls:\n      mod: x\n`, /:4:7: unknown key "mod"; did you mean "mode"\?/],
    [`profile:\n  p: {}\n`, /:1:1: unknown key "profile"; did you mean "profiles"\?/],
    [`profiles:\n  p: { port: 0 }\n`, /:2:14: profiles\.p\.port: expected a number from 1 to 65535/],
    [`profiles:\n  p: { issuer: "http://id.example.com" }\n`, /https \(http only on this machine\)/],
    [`profiles:\n  p: { issuer: "https://id.example.com/?x=1" }\n`, /no query/],
    [`profiles:\n  p: { redirect: "https://example.com/cb" }\n`, /http:\/\/127\.0\.0\.1\/PATH/],
    [`profiles:\n  p: { client_secret_env: "s3cret value" }\n`, /the name of an environment variable, not its value/],
    [`profiles:\n  p: { scopes: ["a b"] }\n`, /a scope has no spaces/],
    [`profiles:\n  p: { listen: "everywhere" }\n`, /ADDRESS:PORT/],
    [`profiles:\n  "a|b": { ${ISSUER} }\n`, /a profile name has letters/],
    [`profiles:\n  p: { ${ISSUER}\n`, /:\d+:\d+: /],
  ]
  for (const [text, said] of CASES) {
    test(JSON.stringify(text), async () => {
      await assert.rejects(machine(text).resolve('p'), { code: 'CONFIG_INVALID', exit: 2, message: said })
    })
  }

  test('a secret in the file is an unknown key, and its value is not repeated', async () => {
    const text = `profiles:\n  p: { ${ISSUER}, client_secret: hunter2 }\n`
    await assert.rejects(machine(text).resolve('p'), (error: Error) => {
      assert.match(error.message, /unknown key "client_secret"; did you mean "client_secret_env"/)
      assert.ok(!error.message.includes('hunter2'))
      return true
    })
  })

  for (const [text, said] of [
    ['{ flow: device }', /issuer is missing \(--issuer, PGOAUTH_ISSUER\)/],
    ['{ issuer: "https://id.example.com" }', /client_id is missing/],
    [`{ ${ISSUER}, flow: client_credentials }`, /client_secret_env or client_key/],
    ['{ flow: token_file }', /needs token_file/],
    ['{ flow: exec }', /needs exec/],
    [`{ ${ISSUER}, tls: { cert: ./c.pem } }`, /tls\.cert needs tls\.key/],
  ] as const) {
    test(`what a flow lacks: ${text}`, async () => {
      await assert.rejects(machine(`profiles:\n  p: ${text}\n`).resolve('p'), { code: 'CONFIG_INVALID', message: said })
    })
  }

  test('a file that cannot be read is named', async () => {
    const one = machine(undefined)
    mkdirSync(one.paths.configFile, { recursive: true })
    await assert.rejects(one.resolve(), { code: 'CONFIG_INVALID', message: /cannot be read \(EISDIR\)/ })
  })
})

describe('what is remembered of the file', () => {
  test('an edit counts at once, though size and time stamp stay the same', async () => {
    const one = machine(TWO)
    const before = statSync(one.paths.configFile)
    assert.equal((await one.resolve()).host, 'prod.example.com')
    writeFileSync(one.paths.configFile, TWO.replace('prod.example.com', 'drop.example.com'))
    utimesSync(one.paths.configFile, before.atime, before.mtime)
    assert.equal((await one.resolve()).host, 'drop.example.com')
  })

  test('the second reading gives what the first gave', async () => {
    const one = machine(TWO)
    const first = await loadProfiles(one.paths)
    assert.ok(readFileSync(join(one.paths.cacheDir, 'profiles.json'), 'utf8').includes('prod.example.com'))
    assert.deepEqual(JSON.parse(JSON.stringify(await loadProfiles(one.paths))), JSON.parse(JSON.stringify(first)))
  })

  test('a cache that is damaged, or cannot be written, is no matter', async () => {
    const one = machine(TWO)
    await one.resolve()
    writeFileSync(join(one.paths.cacheDir, 'profiles.json'), '{')
    assert.equal((await one.resolve()).name, 'prod')
    const other = machine(TWO)
    writeFileSync(join(other.home, '.cache'), 'a file where a folder should be')
    assert.equal((await other.resolve()).name, 'prod')
  })
})

describe('where things are', () => {
  test('XDG directories on Linux and macOS', () => {
    for (const platform of ['linux', 'darwin'] as const) {
      assert.deepEqual(pathsOf({ env: {}, home: '/h', platform }), {
        configFile: '/h/.config/pgoauth/config.yaml',
        stateDir: '/h/.local/state/pgoauth',
        cacheDir: '/h/.cache/pgoauth',
      })
      const env = { XDG_CONFIG_HOME: '/c', XDG_STATE_HOME: '/s', XDG_CACHE_HOME: 'relative' }
      assert.deepEqual(pathsOf({ env, home: '/h', platform }), {
        configFile: '/c/pgoauth/config.yaml',
        stateDir: '/s/pgoauth',
        cacheDir: '/h/.cache/pgoauth',
      })
    }
  })

  test('APPDATA and LOCALAPPDATA on Windows', () => {
    const env = { APPDATA: 'C:\\Users\\ada\\AppData\\Roaming', LOCALAPPDATA: 'C:\\Users\\ada\\AppData\\Local' }
    assert.deepEqual(pathsOf({ env, home: 'C:\\Users\\ada', platform: 'win32' }), {
      configFile: 'C:\\Users\\ada\\AppData\\Roaming\\pgoauth\\config.yaml',
      stateDir: 'C:\\Users\\ada\\AppData\\Local\\pgoauth\\state',
      cacheDir: 'C:\\Users\\ada\\AppData\\Local\\pgoauth\\cache',
    })
    assert.deepEqual(
      pathsOf({ env: {}, home: 'C:\\Users\\ada', platform: 'win32' }).configFile,
      `${env.APPDATA}\\pgoauth\\config.yaml`,
    )
  })

  test('PGOAUTH_CONFIG names another file on any platform', () => {
    for (const platform of ['linux', 'darwin', 'win32'] as const) {
      assert.equal(pathsOf({ env: { PGOAUTH_CONFIG: '/else.yaml' }, home: '/h', platform }).configFile, '/else.yaml')
    }
  })
})

describe('a variable that looks like one of ours', () => {
  test('is refused with the one that was meant', async () => {
    const { resolve } = machine(TWO)
    await assert.rejects(
      resolve('prod', {}, { PGOAUTH_STROE: 'file' }),
      /PGOAUTH_STROE, .*did you mean "PGOAUTH_STORE"/,
    )
    await assert.rejects(resolve('prod', {}, { PGOAUTH_SCOPE: 'a' }), /did you mean "PGOAUTH_SCOPES"/)
  })

  test('and resembles none is somebody else’s', async () => {
    assert.equal((await machine(TWO).resolve('prod', {}, { PGOAUTH_BUILD_NUMBER: '7' })).name, 'prod')
  })

  test('and holds a client secret is not mistyped', async () => {
    const { resolve } = machine(TWO.replace('host: test', 'client_secret_env: PGOAUTH_CLIENT_KEYS, host: test'))
    const secrets = { PGOAUTH_CLIENT_SECRET: 's', PGOAUTH_CLIENT_KEYS: 's' }
    assert.equal((await resolve('prod', {}, secrets)).name, 'prod')
  })
})
