import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, realpathSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import test from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { temporaryDirectory } from '../support/temporary-directory.ts'

const run = promisify(execFile)
const root = fileURLToPath(new URL('../../..', import.meta.url))
const { dependencies, version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  dependencies: Record<string, string>
  version: string
}

/**
 * The package as npm would publish it, unpacked where npm would install it, beside exactly the packages it names (and theirs):
 * no registry is asked.
 */
async function installPacked(): Promise<{ project: string; files: string[] }> {
  const project = temporaryDirectory()
  const { stdout } = await run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', project], {
    cwd: root,
    // A user of continuous integration may have no home directory for npm to write to.
    env: { ...process.env, npm_config_cache: join(project, '.npm') },
  })
  const [packed] = JSON.parse(stdout) as { filename: string; files: { path: string }[] }[]
  const modules = join(project, 'node_modules')
  const home = join(modules, 'pgoauth')
  mkdirSync(home, { recursive: true })
  await run('tar', ['-xzf', join(project, String(packed?.filename)), '-C', home, '--strip-components=1'])
  for (const name of Object.keys(dependencies)) {
    mkdirSync(dirname(join(modules, name)), { recursive: true })
    symlinkSync(realpathSync(join(root, 'node_modules', name)), join(modules, name))
  }
  mkdirSync(join(modules, '.bin'))
  symlinkSync('../pgoauth/dist/bin/pgoauth.js', join(modules, '.bin', 'pgoauth'))
  await run('chmod', ['+x', join(home, 'dist/bin/pgoauth.js')])
  return { project, files: (packed?.files ?? []).map(({ path }) => path) }
}

const { project, files } = await installPacked()

test('the package holds what is run and read, and no test', () => {
  assert.ok(files.includes('dist/bin/pgoauth.js') && files.includes('README.md') && files.includes('LICENSE'))
  assert.deepEqual(
    files.filter((path) => /\btest\/|\.test\.|\.ts$|\.ci/.test(path)),
    [],
  )
})

test('npx pgoauth --help and --version work from the packed package', async () => {
  const env = { PATH: process.env.PATH, HOME: project }
  const help = await run('npx', ['--no-install', 'pgoauth', '--help'], { cwd: project, env })
  assert.match(help.stdout, /^Usage: pgoauth/)
  const said = await run('npx', ['--no-install', 'pgoauth', '--version'], { cwd: project, env })
  assert.equal(said.stdout.trim(), version)
})

test('demo from the packed package names the package that is missing there', async () => {
  const result = await run(
    process.execPath,
    [join(project, 'node_modules/pgoauth/dist/bin/pgoauth.js'), 'demo', '--once'],
    {
      cwd: project,
      // Links are followed to where the checkout has everything; as installed by npm they are folders.
      env: { PATH: process.env.PATH },
    },
  ).catch((error: { code: number; stderr: string }) => error)
  assert.match(String(result.stderr), /is not installed/)
  assert.equal((result as { code: number }).code, 1)
  assert.ok(readdirSync(project).length > 0)
})
