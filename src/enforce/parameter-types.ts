import { decide } from '../policy/decide.ts'
import type { Grants } from '../policy/grants.ts'
import type { StatementAnalysis } from '../sql/analysis.ts'

/** FirstNormalObjectId (access/transam.h): types from here on are users'. */
const FIRST_USER_OID = 16_384
/**
 * The `reg…` types of pg_type.dat, each with its array: a value of one is a name that the server looks up, and is given
 * back as one.
 */
const NAME_TYPES: ReadonlySet<number> = new Set([
  24, 2202, 2203, 2204, 2205, 2206, 3734, 3769, 4089, 4096, 4191, 1008, 2207, 2208, 2209, 2210, 2211, 3735, 3770, 4090,
  4097, 4192,
])

/** The types a Parse gives its parameters, in order; 0 leaves one to the server. Its length was checked before. */
export function parameterTypes(body: Buffer): number[] {
  const countAt = body.indexOf(0, body.indexOf(0) + 1) + 1
  const count = body.readUInt16BE(countAt)
  return Array.from({ length: count }, (_, index) => body.readUInt32BE(countAt + 2 + 4 * index))
}

/** These types where they bear on what a statement needs, to be asked again whenever it is judged again. */
export function tellingTypes(types: readonly number[]): readonly number[] | undefined {
  return types.some((oid) => oid >= FIRST_USER_OID || NAME_TYPES.has(oid)) ? types : undefined
}

/**
 * Why a statement may not have parameters of these types, which may make it more than its text says; undefined where it
 * may. Which cast a type outside pg_catalog takes is the server's to find: all there are to that target must be granted.
 */
export function parameterObjection(
  types: readonly number[],
  grants: Grants,
  analysis: StatementAnalysis | undefined,
): string | undefined {
  if (grants.policy.metadata === 'hidden' && types.some((oid) => NAME_TYPES.has(oid))) {
    return 'a parameter of a reg… type turns names into objects and back'
  }
  if (!castsCustom(types, analysis)) return undefined
  const decision = decide({ accesses: analysis?.effects.castsParameter ?? [] }, grants)
  return decision.allowed ? undefined : `a parameter of a type outside pg_catalog is cast: ${decision.reason}`
}

/** A cast of a parameter may call a function, which the text does not show. */
export function castsCustom(types: readonly number[], analysis: StatementAnalysis | undefined): boolean {
  return analysis?.effects.castsParameter !== undefined && types.some((oid) => oid >= FIRST_USER_OID)
}
