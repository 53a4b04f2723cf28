import { dirname, join, normalize } from 'node:path'

/** The house: each folder of src with its layer. bin is above all of them. */
const LAYERS: Readonly<Record<string, number>> = {
  base: 0,
  oauth: 1,
  net: 1,
  wire: 1,
  policy: 1,
  sql: 1,
  audit: 1,
  config: 1,
  tokens: 2,
  sasl: 2,
  catalog: 2,
  pool: 3,
  enforce: 3,
  login: 4,
  tunnel: 4,
  proxy: 4,
  cli: 5,
  demo: 5,
}

/** Allowed though the layer is not lower: a command wires the demo. */
const ALLOWED = new Set(['cli>demo'])
/** Forbidden though the layer is lower: a laptop is not the authority, and a server has no keychain. */
const FORBIDDEN = new Set(['tunnel>policy', 'tunnel>sql', 'tunnel>pool', 'tunnel>enforce', 'proxy>tokens'])

const PURE = new Set(['wire', 'policy', 'sql'])
const PURE_BUILTINS = new Set(['node:buffer', 'node:util', 'node:assert'])

const IMPORT = /(?:\bfrom\s*|\bimport\s*\(?\s*)'([^']+)'/g

/** What stands against the house's layers in these files of src and bin, a line each. */
export function layerViolations(files: readonly { path: string; text: string }[]): string[] {
  return files.flatMap(({ path, text }) => violationsOf(path, text))
}

function violationsOf(path: string, text: string): string[] {
  if (path.startsWith('bin/')) return []
  const folder = path.split('/')[1] ?? ''
  const layer = LAYERS[folder]
  if (layer === undefined) return [`${path} lies in a folder that no layer names`]

  const found: string[] = []
  for (const [, target = ''] of text.matchAll(IMPORT)) {
    if (target.startsWith('.')) {
      const other = normalize(join(dirname(path), target)).split('/')[1] ?? ''
      if (!mayImport(folder, layer, other)) found.push(`${path} imports src/${other}: ${folder} may not`)
    } else if (PURE.has(folder) && target.startsWith('node:') && !PURE_BUILTINS.has(target)) {
      found.push(`${path} imports ${target}: ${folder} is pure`)
    }
  }
  if (path !== 'src/base/clock.ts' && /\bDate\.now\(|\bnew Date\(\)/.test(text)) {
    found.push(`${path} uses Date.now: time comes from the clock`)
  }
  if (PURE.has(folder) && text.includes('Math.random(')) found.push(`${path} uses Math.random: ${folder} is pure`)
  return found
}

function mayImport(folder: string, layer: number, other: string): boolean {
  const step = `${folder}>${other}`
  if (other === folder || ALLOWED.has(step)) return true
  return (LAYERS[other] ?? Number.POSITIVE_INFINITY) < layer && !FORBIDDEN.has(step)
}
