import { allow, type Case, deny } from '../corpus/corpus.ts'
import { APPLICATIONS } from './applications.ts'
import { CALLS } from './calls.ts'
import { DEFINITIONS } from './definitions.ts'
import { NAMES } from './names.ts'
import { ORACLES } from './oracles.ts'
import { PLACES } from './places.ts'
import { READS } from './reads.ts'
import { SHADOWS } from './shadows.ts'
import { WRITES } from './writes.ts'

/** The second corpus, written from the policy's contract alone, with PostgreSQL's rights as the judge. */
export const CLINIC: readonly Case[] = [
  ...READS,
  ...SHADOWS,
  ...CALLS,
  ...ORACLES,
  ...WRITES,
  ...DEFINITIONS,
  ...NAMES,
  ...APPLICATIONS,
]

const PLACE_SCOPES = 'emp emp_upd emp_ins emp_del dept'
const GIVEN = ['e.name', "upper('a')"]
const WITHHELD = [
  'e.ssn',
  '(e).ssn',
  'e::text',
  '(e).home.street',
  'app.definer_secret()',
  '(select v from priv.secrets limit 1)',
  "(e.name === 'a')::text",
]

/** Every place of a statement, filled with what is given and with what is not. */
export const PLACED: readonly Case[] = PLACES.flatMap((place) => [
  ...GIVEN.map((value) => allow(PLACE_SCOPES, place.replaceAll('{x}', value), `${value} is given, wherever it stands`)),
  ...WITHHELD.map((value) => deny(PLACE_SCOPES, place.replaceAll('{x}', value), `${value} is not given anywhere`)),
])
