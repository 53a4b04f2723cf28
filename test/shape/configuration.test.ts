import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { ZodType } from 'zod'
import { checkYaml, mistakeText } from '../../src/base/yaml-document.ts'
import { configSchema, profileSchema } from '../../src/config/profile-schema.ts'
import { readProxyConfig } from '../../src/config/proxy-config-file.ts'
import { proxySchema } from '../../src/config/proxy-schema.ts'
import { loadPolicy } from '../../src/policy/policy-file.ts'

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../../..')
const manual = readFileSync(join(root, 'docs/CONFIGURATION.md'), 'utf8')
const readme = readFileSync(join(root, 'README.md'), 'utf8')

interface Definition {
  readonly innerType?: ZodType
  readonly in?: ZodType
  readonly options?: ZodType[]
  readonly shape?: Record<string, ZodType>
  readonly valueType?: ZodType
  readonly element?: ZodType
}

/** Every key that a schema has at any depth. */
function keysOf(schema: ZodType | undefined): string[] {
  if (schema === undefined) return []
  const { innerType, in: input, options, shape, valueType, element } = schema.def as unknown as Definition
  const inner = [innerType, input, ...(options ?? []), valueType, element].flatMap(keysOf)
  return [...inner, ...Object.entries(shape ?? {}).flatMap(([key, value]) => [key, ...keysOf(value)])]
}

for (const [name, schema] of Object.entries({ 'config.yaml': profileSchema, 'proxy.yaml': proxySchema })) {
  test(`the manual has every key of ${name}`, () => {
    const keys = keysOf(schema)
    assert.ok(keys.length > 20)
    assert.deepEqual(
      [...new Set(keys)].filter((key) => !new RegExp(`\\b${key}\\b`).test(manual)),
      [],
    )
  })
}

/** The README's YAML blocks, in its order: proxy.yaml, policy.yaml, config.yaml. */
const [proxyYaml, policyYaml, configYaml] = [...readme.matchAll(/```yaml\n(.*?)```/gs)].map(([, text]) => text ?? '')

test('the README’s proxy.yaml is valid', () => {
  const result = readProxyConfig('/etc/pgoauth/proxy.yaml', proxyYaml ?? assert.fail('no such block'))
  assert.deepEqual(result.ok ? [] : result.mistakes.map(mistakeText), [])
})

test('the README’s policy.yaml and the manual’s are valid', () => {
  const ofManual = /```yaml\n(.*?)```/s.exec(manual)?.[1]?.replace(/^include:.*\n/m, '')
  for (const text of [policyYaml, ofManual]) {
    const result = loadPolicy('policy.yaml', () => text ?? assert.fail('no such block'))
    assert.deepEqual(result.ok ? [] : result.mistakes.map(mistakeText), [])
  }
})

test('the README’s config.yaml is valid', () => {
  const result = checkYaml('config.yaml', configYaml ?? assert.fail('no such block'), configSchema)
  assert.deepEqual(result.ok ? [] : result.mistakes.map(mistakeText), [])
})
