import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'

/** Why PostgreSQL's own `oauth` cannot be asked here; false: it can. */
export const validatorMissing: string | false =
  process.platform !== 'linux'
    ? 'the validator is built for Linux'
    : spawnSync('cc', ['--version']).status === 0
      ? false
      : 'no C compiler (cc) to build a validator with'

/**
 * A validator for PostgreSQL 18's `oauth` that lets in tokens which begin with `good`, as a path without its `.so`. It needs
 * no headers: what a module has to export is written out (fmgr.h, libpq/oauth.h of PostgreSQL 18).
 */
export function buildValidator(): string {
  const directory = mkdtempSync(join(tmpdir(), 'pgoauth-validator-'))
  after(() => rmSync(directory, { recursive: true, force: true }))
  chmodSync(directory, 0o755)
  const source = join(directory, 'validator.c')
  writeFileSync(source, SOURCE)
  const library = join(directory, 'validator')
  const built = spawnSync('cc', ['-shared', '-fPIC', '-o', `${library}.so`, source], { encoding: 'utf8' })
  if (built.status !== 0) throw new Error(built.stderr)
  chmodSync(`${library}.so`, 0o644)
  return library
}

const SOURCE = `
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
typedef struct { int version, funcmaxargs, indexmaxkeys, namedatalen, float8byval; char abi_extra[32]; } Abi;
typedef struct { int len; Abi abi; const char *name; const char *version; } Magic;
static const Magic magic = { sizeof(Magic), { 1800, 100, 32, 64, 1, "PostgreSQL" }, "validator", "1" };
const Magic *Pg_magic_func(void) { return &magic; }
typedef struct { int sversion; void *private_data; } State;
typedef struct { bool authorized; char *authn_id; } Result;
typedef struct {
  uint32_t magic; void (*startup)(State *); void (*shutdown)(State *);
  bool (*validate)(const State *, const char *, const char *, Result *);
} Callbacks;
static bool validate(const State *state, const char *token, const char *role, Result *result) {
  result->authorized = strncmp(token, "good", 4) == 0;
  result->authn_id = 0;
  return true;
}
static const Callbacks callbacks = { 0x20250220, 0, 0, validate };
const Callbacks *_PG_oauth_validator_module_init(void) { return &callbacks; }
`
