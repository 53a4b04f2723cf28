import { z } from 'zod'
import { ACTIONS, type Action } from '../base/access.ts'
import type { RuleObject } from './policy.ts'
import { parseRuleObject } from './rule-object.ts'

/** One object or a list of them, each read as the action's kind of object; one that is wrong hides no other. */
function objectList(action: Action) {
  const object = z.unknown().transform((given, context): RuleObject => {
    const read = typeof given === 'string' ? parseRuleObject(action, given) : NO_TEXT
    if (typeof read !== 'string') return read
    context.addIssue({ code: 'custom', message: read })
    return z.NEVER
  })
  const list = z.array(object, { error: 'expected a list of objects' })
  return z.preprocess((given) => (typeof given === 'string' ? [given] : given), list).optional()
}

const NO_TEXT = 'an object is a text such as sales.orders; quote it where YAML reads it as something else'

const actionShape = Object.fromEntries(ACTIONS.map((action) => [action, objectList(action)])) as {
  [A in Action]: ReturnType<typeof objectList>
}

const spelledAll = (given: unknown) => (given === 'all' ? { all: '*' } : (given ?? {}))
const rules = z.preprocess(spelledAll, z.strictObject(actionShape))
export const scopeSchema = z.preprocess(
  spelledAll,
  z.strictObject({ ...actionShape, rows: z.record(z.string(), z.string()).optional() }),
)

const scalar = z.union([z.string(), z.number(), z.boolean()], { error: 'expected a text, a number or true/false' })

export const roleSchema = z.strictObject({
  role: z.string().min(1, 'expected a role name'),
  when: z
    .record(
      z.string(),
      z.preprocess((given) => (Array.isArray(given) ? given : [given]), z.array(scalar).min(1)),
    )
    .optional(),
  among: z.array(z.string()).min(1).optional(),
  issuer: z.preprocess((given) => (typeof given === 'string' ? [given] : given), z.array(z.string())).optional(),
})

const scopes = z.record(z.string(), scopeSchema)

/** The policy file as written, its objects already taken apart. */
export const policySchema = z.strictObject({
  version: z.literal(1, { error: 'expected version: 1' }),
  roles: z.array(roleSchema).default([]),
  scopes: scopes.default({}),
  always: rules.optional(),
  never: rules.optional(),
  metadata: z.enum(['visible', 'hidden']).default('visible'),
  errors: z.enum(['own', 'full']).default('own'),
  mode: z.enum(['enforce', 'observe']).default('enforce'),
  observe_until: z.string().optional(),
  help: z.string().optional(),
  search_path: z.array(z.string()).min(1).optional(),
  include: z.array(z.string()).optional(),
})

/** An included file: scopes and nothing else. */
export const includeSchema = z.strictObject({
  version: z.literal(1, { error: 'expected version: 1' }).optional(),
  scopes: scopes.default({}),
})

export type ParsedRules = z.output<typeof rules>
export type ParsedScope = z.output<typeof scopeSchema>
export type ParsedPolicy = z.output<typeof policySchema>
export type ParsedRole = z.output<typeof roleSchema>
