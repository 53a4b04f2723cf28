import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client, type QueryResult } from 'pg'
import { encodeCancelRequest } from '../../src/wire/startup.ts'
import type { Random } from '../support/random.ts'

export interface MixingOptions {
  readonly host: string
  readonly port: number
  readonly database: string
  readonly ca: string
  readonly token: string
  readonly subject: string
  /** Nobody else's text holds it. */
  readonly mark: string
  readonly random: Random
  /** Until when the current round of kills may explain a lost connection. */
  readonly mayLose: () => boolean
  readonly transactionMode: boolean
  /** What it does, at random; everything where absent. */
  readonly steps?: readonly Step[] | undefined
}

/** What cannot be explained: something of another client, or a thing of its own gone wrong. */
export class Mixed extends Error {}

/** The connection ended, as it may here: another takes its place. */
export class Gone extends Error {}

/** 08006, the shutdowns that a killed server says, and the pool's own refusal to wait longer. */
const LOST = new Set(['08006', '57P01', '57P02', '57P03', '53300', '08P01'])

/**
 * One client that knows what it did and therefore what it may see: its subject, its settings, its prepared statements, its rows, its
 * notices. Every answer is held against that.
 */
export class MixingClient {
  readonly #options: MixingOptions
  readonly #client: Client
  readonly #settings = new Map<string, string>()
  readonly #statements = new Map<string, string>()
  readonly #trouble: string[] = []
  #isCancelling = false
  #step = 0
  #inserted = 0

  private constructor(options: MixingOptions) {
    this.#options = options
    const { host, port, database, ca, token } = options
    this.#client = new Client({
      host,
      port,
      database,
      user: 'x',
      password: token,
      ssl: { ca },
      application_name: options.mark,
    })
    this.#client.on('error', () => {})
    this.#client.on('notice', ({ message }) => {
      if (!message?.includes(options.mark)) this.#trouble.push(`a notice that is not mine: ${message}`)
    })
    this.#client.on('notification', ({ channel }) => {
      if (channel !== `c_${options.mark}`) this.#trouble.push(`a notification that I did not ask for: ${channel}`)
    })
  }

  static async open(options: MixingOptions): Promise<MixingClient> {
    const client = new MixingClient(options)
    try {
      await client.#client.connect()
    } catch (error) {
      throw new Gone(String(error))
    }
    return client
  }

  /** One random thing, checked. @throws Mixed, Gone */
  async step(): Promise<string> {
    this.#step++
    const { random } = this.#options
    const name = random.pick(this.#options.steps ?? STEPS)
    await this[name]()
    if (this.#trouble.length > 0) throw new Mixed(this.#trouble.join('; '))
    return name
  }

  async close(): Promise<void> {
    await Promise.race([this.#client.end().catch(() => {}), sleep(500)])
  }

  /** The socket goes without a word. */
  vanish(): void {
    const { stream } = (this.#client as unknown as { connection: { stream: { destroy(): void } } }).connection
    stream.destroy()
  }

  async who(): Promise<void> {
    const { subject, mark } = this.#options
    const [row] = await this.#rows(
      `SELECT current_user AS who, session_user AS login, current_setting('pgoauth.subject') AS subject, current_setting('application_name') AS name, '${mark}-${this.#step}' AS mark`,
    )
    this.#same(row, { who: 'analyst', login: 'pgoauth_proxy', subject, name: mark, mark: `${mark}-${this.#step}` })
  }

  async parameter(): Promise<void> {
    const value = `${this.#options.mark}-${this.#step}`
    const [row] = await this.#rows('SELECT $1::text AS value', [value])
    this.#same(row, { value })
  }

  async prepared(): Promise<void> {
    const name = `s${this.#options.random.below(4)}`
    const { mark } = this.#options
    const text =
      this.#statements.get(name) ?? `SELECT '${mark}-${name}-${this.#step}' AS mine, $1::int + ${this.#step} AS sum`
    this.#statements.set(name, text)
    const [row] = await this.#rows(text, [this.#step], name)
    const [, mine, add] = /'(.*)' AS mine, \$1::int \+ (\d+)/.exec(text) ?? []
    this.#same(row, { mine, sum: this.#step + Number(add) })
  }

  async set(): Promise<void> {
    const { random, mark } = this.#options
    const [name, value] = random.pick([
      ['app.mark', `${mark}-${this.#step}`],
      ['timezone', random.pick(['Europe/Berlin', 'Asia/Tokyo', 'UTC'])],
      ['datestyle', random.pick(['German, DMY', 'SQL, MDY', 'ISO, YMD'])],
      ['search_path', random.pick(['public', 'pg_temp, public', `"${mark}", public`])],
    ] as const)
    if (random.below(3) === 0) {
      await this.#rows('BEGIN')
      await this.#rows(`SELECT set_config('${name}', '${value}', false)`)
      await this.#rows('ROLLBACK')
    } else {
      await this.#rows(`SELECT set_config('${name}', '${value}', false)`)
      this.#settings.set(name, value)
    }
    await this.settings()
  }

  async settings(): Promise<void> {
    const names = ['app.mark', 'timezone', 'datestyle', 'search_path']
    const columns = names.map((name, at) => `coalesce(current_setting('${name}', true), '') AS c${at}`)
    const [row] = await this.#rows(`SELECT ${columns.join(', ')}`)
    const fresh: Record<string, string> = {
      'app.mark': '',
      timezone: 'UTC',
      datestyle: 'ISO, MDY',
      search_path: '"$user", public',
    }
    this.#same(row, Object.fromEntries(names.map((name, at) => [`c${at}`, this.#settings.get(name) ?? fresh[name]])))
  }

  async rows(): Promise<void> {
    const { mark, random } = this.#options
    await this.#rows('BEGIN')
    await this.#rows('INSERT INTO public.notes (author, note) VALUES ($1, $2)', [mark, `${this.#step}`])
    const [inside] = await this.#rows(`SELECT count(*)::int AS n FROM public.notes WHERE author = '${mark}'`)
    this.#same(inside, { n: this.#inserted + 1 })
    if (random.below(2) === 0) {
      await this.#rows('COMMIT')
      this.#inserted++
    } else await this.#rows('ROLLBACK')
    const [after] = await this.#rows(`SELECT count(*)::int AS n FROM public.notes WHERE author = '${mark}'`)
    this.#same(after, { n: this.#inserted })
  }

  /** Texts that are batched where batching is on: each template settles after a few runs. */
  async own(): Promise<void> {
    const { mark } = this.#options
    const [row] = await this.#rows(`SELECT name || '-${mark}' AS mine FROM public.marks WHERE number = 1`)
    this.#same(row, { mine: `one-${mark}` })
  }

  async ownParameter(): Promise<void> {
    const { mark } = this.#options
    const [row] = await this.#rows('SELECT name || $1::text AS mine FROM public.marks WHERE number = 1', [mark])
    this.#same(row, { mine: `one${mark}` })
  }

  async ownPrepared(): Promise<void> {
    const { mark } = this.#options
    const [row] = await this.#rows('SELECT name || $1::text AS twice FROM public.marks WHERE number = 2', [mark], 'own')
    this.#same(row, { twice: `two${mark}` })
  }

  /** Literals that become parameters on a line. */
  async ownRow(): Promise<void> {
    const { random } = this.#options
    const number = 100 + random.below(200)
    const [row] = await this.#rows(
      random.below(2) === 0
        ? `SELECT number, name FROM public.marks WHERE number = ${number}`
        : `SELECT number, name FROM public.marks WHERE name = 'number ${number}' AND number >= ${number}`,
    )
    this.#same(row, { number, name: `number ${number}` })
  }

  /** Quick but for now and then, so that those behind it on a line are moved elsewhere. */
  async ownSlow(): Promise<void> {
    const { mark, random } = this.#options
    const seconds = random.below(20) === 0 ? '0.06' : '0.00'
    const [row] = await this.#rows(
      `SELECT name || '-${mark}' AS mine, pg_sleep(${seconds}) FROM public.marks WHERE number = 1`,
    )
    this.#same(row, { mine: `one-${mark}` })
  }

  async ownCancelled(): Promise<void> {
    this.#isCancelling = true
    const running = this.ownRow()
    running.catch(() => {})
    await this.#cancel()
    try {
      await running
    } catch (error) {
      if (codeOf(error) !== '57014') throw error
    }
    this.#isCancelling = false
  }

  async ownError(): Promise<void> {
    await this.#refused('22012', 'SELECT 1 / (number - 1) FROM public.marks WHERE number = 1')
  }

  /** What it says depends on settings: those of this client, wherever it runs. */
  async moment(): Promise<void> {
    const sql = 'SELECT moment::text AS said FROM public.marks WHERE number = 1'
    const [row] = await this.#rows(sql)
    await this.#rows('BEGIN')
    const [alone] = await this.#rows(sql)
    await this.#rows('COMMIT')
    this.#same(row, alone ?? {})
  }

  async error(): Promise<void> {
    await this.#refused('22012', `SELECT 1/(length('${this.#options.mark}') - length('${this.#options.mark}'))`)
    await this.#rows('BEGIN')
    await this.#refused('42601', 'SELEC')
    await this.#refused('25P02', 'SELECT 1')
    await this.#rows('ROLLBACK')
  }

  async timeout(): Promise<void> {
    await this.#rows('BEGIN')
    await this.#rows("SET LOCAL statement_timeout = '5ms'")
    await this.#refused('57014', 'SELECT pg_sleep(10)')
    await this.#rows('ROLLBACK')
  }

  async notice(): Promise<void> {
    await this.#rows(`SELECT public.say('${this.#options.mark}')`)
  }

  /** What this leaves on the connection must be gone for whoever has it next. */
  async hide(): Promise<void> {
    await this.#rows(`SELECT public.hide('${this.#options.mark}')`)
    if (!this.#options.transactionMode) throw new Gone('what is hidden here stays with the session')
  }

  /** Nothing that hide() leaves behind is to be seen, whoever left it. */
  async look(): Promise<void> {
    const [row] = await this.#rows(
      `SELECT (SELECT count(*)::int FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()) AS locks,
        coalesce(current_setting('app.hidden', true), '') AS hidden, current_user AS who`,
    )
    this.#same(row, { locks: 0, hidden: '', who: 'analyst' })
    await this.#refused('42P01', 'SELECT * FROM leftover')
  }

  async temporary(): Promise<void> {
    const { mark, random } = this.#options
    if (random.below(6) > 0) return
    await this.#rows(`CREATE TEMP TABLE leftover AS SELECT '${mark}' AS mark`)
    const [row] = await this.#rows('SELECT mark FROM pg_temp.leftover')
    this.#same(row, { mark })
    throw new Gone('to give the connection back')
  }

  async cancelled(): Promise<void> {
    this.#isCancelling = true
    const running = this.#rows(`SELECT '${this.#options.mark}' AS mark, pg_sleep(0.03)`)
    // It is awaited below; it may fail before that.
    running.catch(() => {})
    await sleep(this.#options.random.below(40))
    await this.#cancel()
    try {
      this.#same((await running)[0], { mark: this.#options.mark, pg_sleep: '' })
    } catch (error) {
      if (codeOf(error) !== '57014') throw error
    }
    this.#isCancelling = false
  }

  /** A cancel where nothing of ours runs: it must hit nobody. */
  async cancelledIdle(): Promise<void> {
    await this.#cancel()
  }

  async slow(): Promise<void> {
    const [row] = await this.#rows(`SELECT '${this.#options.mark}' AS mark, pg_sleep(0.02)`)
    this.#same(row, { mark: this.#options.mark, pg_sleep: '' })
  }

  async #cancel(): Promise<void> {
    const { processID, secretKey } = this.#client as unknown as { processID: number; secretKey: number }
    const key = Buffer.alloc(4)
    key.writeInt32BE(secretKey)
    await new Promise<void>((resolve) => {
      const socket = connect({ host: this.#options.host, port: this.#options.port }, () =>
        socket.write(encodeCancelRequest(processID, key)),
      )
      socket.on('error', () => resolve())
      socket.on('close', () => resolve())
      socket.resume()
    })
  }

  async #rows(text: string, values?: unknown[], name?: string): Promise<Record<string, unknown>[]> {
    try {
      const result: QueryResult = await this.#client.query({ text, ...(values && { values }), ...(name && { name }) })
      return (Array.isArray(result) ? result.at(-1) : result).rows
    } catch (error) {
      return this.#explain(error, text)
    }
  }

  async #refused(code: string, text: string): Promise<void> {
    try {
      await this.#client.query(text)
    } catch (error) {
      if (codeOf(error) === code) return
      this.#explain(error, text)
    }
    throw new Mixed(`${text} was not refused with ${code}`)
  }

  #explain(error: unknown, text: string): never {
    const code = codeOf(error)
    const isLost = code === undefined ? /connection|not queryable|closed/i.test(String(error)) : LOST.has(code)
    if (isLost && this.#options.mayLose()) throw new Gone(String(error))
    if (code === '57014' && this.#isCancelling) throw error
    throw new Mixed(`${text}: ${code} ${String(error)}`)
  }

  #same(row: Record<string, unknown> | undefined, wanted: Record<string, unknown>): void {
    for (const [column, value] of Object.entries(wanted)) {
      if (row?.[column] !== value) {
        throw new Mixed(
          `step ${this.#step}: ${column} is ${JSON.stringify(row?.[column])}, not ${JSON.stringify(value)}`,
        )
      }
    }
  }
}

/** Weighted: what goes by quickly comes more often. */
const STEPS = [
  ...['who', 'who', 'parameter', 'prepared', 'prepared', 'prepared', 'set', 'settings', 'rows', 'error', 'notice'],
  ...[
    'own',
    'own',
    'own',
    'ownParameter',
    'ownParameter',
    'ownPrepared',
    'ownPrepared',
    'ownError',
    'ownRow',
    'ownRow',
    'ownSlow',
    'ownCancelled',
    'moment',
    'moment',
  ],
  ...['hide', 'look', 'look', 'temporary', 'cancelled', 'cancelledIdle', 'slow', 'timeout'],
] as Step[]

export type Step =
  | 'who'
  | 'parameter'
  | 'prepared'
  | 'set'
  | 'settings'
  | 'rows'
  | 'error'
  | 'timeout'
  | 'own'
  | 'ownParameter'
  | 'ownPrepared'
  | 'ownError'
  | 'ownRow'
  | 'ownSlow'
  | 'ownCancelled'
  | 'moment'
  | 'notice'
  | 'hide'
  | 'look'
  | 'temporary'
  | 'cancelled'
  | 'cancelledIdle'
  | 'slow'

function codeOf(error: unknown): string | undefined {
  const code = (error as { code?: string }).code
  return code !== undefined && /^[0-9A-Z]{5}$/.test(code) ? code : undefined
}
