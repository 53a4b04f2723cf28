import { setTimeout as sleep } from 'node:timers/promises'
import { inApp, type Proxied, startProxied } from '../support/proxied.ts'
import { Random } from '../support/random.ts'
import { Gone, Mixed, MixingClient, type Step } from './mixing-client.ts'

/** A PostgreSQL and a proxy with few server connections, for many clients that look for one another's traces. */
export function startMixingGround(program?: string, workers = 1): Promise<Proxied> {
  return startProxied({
    ...(program !== undefined && { program }),
    workers,
    databases: {
      transaction: '{ mode: transaction, size: 5, servers_per_identity: 5, wait: 60s }',
      batched: '{ mode: transaction, size: 6, servers_per_identity: 6, wait: 60s, batch: on }',
      session: '{ mode: session, size: 5, servers_per_identity: 5, wait: 60s }',
    },
    policy: `version: 1
roles:
  - role: analyst
    when: { group: analysts }
scopes:
  everything: all
`,
    prepare: `
      CREATE ROLE analyst NOLOGIN; CREATE ROLE writer NOLOGIN; GRANT analyst, writer TO pgoauth_proxy;
      CREATE TABLE public.notes (author text, note text);
      CREATE INDEX ON public.notes (author);
      CREATE TABLE public.marks (number int, name text, moment timestamptz);
      INSERT INTO public.marks VALUES (1, 'one', '2026-02-03 04:05:06+00'), (2, 'two', '2026-07-08 09:10:11+00');
      INSERT INTO public.marks SELECT n, 'number ' || n, '2026-02-03 04:05:06+00' FROM generate_series(100, 299) AS n;
      GRANT SELECT ON public.marks TO analyst;
      GRANT ALL ON public.notes TO analyst; GRANT CREATE ON SCHEMA public TO analyst;
      CREATE FUNCTION public.say(mark text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE '%', mark; END $$;
      CREATE FUNCTION public.hide(mark text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN
        PERFORM pg_advisory_lock(hashtext(mark));
        PERFORM set_config('app.hidden', mark, false);
        EXECUTE 'CREATE TEMP TABLE leftover AS SELECT ' || quote_literal(mark) || ' AS mark';
        EXECUTE 'LISTEN gossip';
        SET ROLE writer;
      END $$;`,
  })
}

export interface MixingRunOptions {
  readonly database: 'transaction' | 'session' | 'batched'
  readonly seed: number
  readonly clients: number
  readonly seconds: number
  /** Ends at the first violation. */
  readonly untilMixed?: boolean
  /** What clients do; everything where absent. */
  readonly steps?: readonly Step[]
}

export interface MixingReport {
  readonly steps: number
  readonly replaced: number
  readonly violations: readonly string[]
}

/** Clients at work, some vanishing, server connections killed under them; what each saw that it should not. */
export async function runMixing(ground: Proxied, options: MixingRunOptions): Promise<MixingReport> {
  const random = new Random(options.seed)
  const endAt = performance.now() + options.seconds * 1000
  const violations: string[] = []
  let steps = 0
  let replaced = 0
  let lossesUntil = 0
  const over = () => performance.now() > endAt || (options.untilMixed === true && violations.length > 0)

  async function play(number: number): Promise<void> {
    const own = new Random(options.seed + 1 + number)
    for (let life = 0; !over(); life++) {
      const subject = `person-${number % 17}`
      const mark = `m${options.seed.toString(36)}x${number}x${life}`
      let client: MixingClient | undefined
      try {
        client = await MixingClient.open({
          host: '127.0.0.1',
          port: ground.passwordPort,
          database: options.database,
          ca: ground.ca,
          token: await ground.token(subject, { group: 'analysts', scope: 'everything' }),
          subject,
          mark,
          random: own,
          mayLose: () => performance.now() < lossesUntil,
          transactionMode: options.database !== 'session',
          steps: options.steps,
        })
        const length = 5 + own.below(60)
        for (let step = 0; step < length && !over(); step++) {
          await client.step()
          steps++
        }
        if (own.below(3) === 0) {
          void client.step().catch(() => {})
          await sleep(own.below(5))
          client.vanish()
        }
      } catch (error) {
        if (error instanceof Mixed) violations.push(`client ${number}: ${error.message}`)
        else if (!(error instanceof Gone)) violations.push(`client ${number}: ${String(error)}`)
      }
      await client?.close()
      replaced++
    }
  }

  async function kill(): Promise<void> {
    while (!over()) {
      await sleep(500 + random.below(1500))
      lossesUntil = performance.now() + 3000
      await inApp(
        ground.postgres,
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE usename = 'pgoauth_proxy' AND application_name <> 'pgoauth proxy' ORDER BY random() LIMIT 1`,
      )
    }
  }

  const killing = kill()
  await Promise.all(Array.from({ length: options.clients }, (_, number) => play(number)))
  await killing
  return { steps, replaced, violations }
}
