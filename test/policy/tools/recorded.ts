import { ACTIVE_RECORD_QUERIES } from './active-record-queries.ts'
import { ASYNCPG_QUERIES } from './asyncpg-queries.ts'
import { DATAGRIP_QUERIES } from './datagrip-queries.ts'
import { DBEAVER_QUERIES, DBEAVER_QUERIES_KEPT_OUT } from './dbeaver-queries.ts'
import { DJANGO_QUERIES } from './django-queries.ts'
import * as driver from './driver-queries.ts'
import * as editor from './editor-queries.ts'
import { NODE_ORM_QUERIES } from './node-orm-queries.ts'
import { NODE_TOOL_QUERIES } from './node-tool-queries.ts'
import { EF_CORE_QUERIES, NPGSQL_QUERIES } from './npgsql-queries.ts'
import { PGADMIN_QUERIES, PGADMIN_QUERIES_KEPT_OUT } from './pgadmin-queries.ts'
import { PGJDBC_QUERIES } from './pgjdbc-queries.ts'
import { PRISMA_QUERIES } from './prisma-queries.ts'
import { PSQL15_QUERIES } from './psql15-queries.ts'
import { PSQL18_QUERIES } from './psql18-queries.ts'
import type { SentQuery } from './sent-query.ts'
import * as service from './service-queries.ts'
import { SQLALCHEMY_QUERIES } from './sqlalchemy-queries.ts'

/** What tools sent, by tool: recorded from the running tool. Each file says which version. */
export const RECORDED: Readonly<Record<string, readonly SentQuery[]>> = {
  "psql 15's \\d family and its tabs": PSQL15_QUERIES,
  "psql 18's \\d family": PSQL18_QUERIES,
  pgjdbc: PGJDBC_QUERIES,
  'HikariCP over pgjdbc': driver.HIKARI_QUERIES,
  SQLAlchemy: SQLALCHEMY_QUERIES,
  Django: DJANGO_QUERIES,
  asyncpg: ASYNCPG_QUERIES,
  ActiveRecord: ACTIVE_RECORD_QUERIES,
  Sequel: driver.SEQUEL_QUERIES,
  Prisma: PRISMA_QUERIES,
  'drizzle-kit, kysely-codegen, pg-introspection, Sequelize, Knex and TypeORM': NODE_ORM_QUERIES,
  'Directus, Kanel, MikroORM, schemainspect, PostGraphile and postgres.js': NODE_TOOL_QUERIES,
  psqlODBC: driver.ODBC_QUERIES,
  'DBD::Pg': driver.DBD_PG_QUERIES,
  RPostgreSQL: driver.R_QUERIES,
  'pgx and lib/pq': driver.GO_QUERIES,
  GDAL: driver.GDAL_QUERIES,
  pgcli: editor.PGCLI_QUERIES,
  Adminer: editor.ADMINER_QUERIES,
  DbGate: editor.DBGATE_QUERIES,
  'Supabase Studio': editor.SUPABASE_QUERIES,
}

/** What tools that do not run here send, by tool: written after their sources, which each file cites. */
export const CITED: Readonly<Record<string, readonly SentQuery[]>> = {
  DBeaver: DBEAVER_QUERIES,
  DataGrip: DATAGRIP_QUERIES,
  pgAdmin: PGADMIN_QUERIES,
  Npgsql: NPGSQL_QUERIES,
  'Entity Framework Core': EF_CORE_QUERIES,
  Ecto: service.POSTGREX_QUERIES,
  'tokio-postgres and sqlx': service.RUST_QUERIES,
  Metabase: service.METABASE_QUERIES,
  Grafana: service.GRAFANA_QUERIES,
  Hasura: service.HASURA_QUERIES,
  'Beekeeper Studio': service.BEEKEEPER_QUERIES,
  "PostgREST's schema cache": service.POSTGREST_QUERIES,
  dbt: service.DBT_QUERIES,
}

/** What tools ask for and a role without scopes for it does not get, since it shows data or other people's statements. */
export const KEPT_OUT: readonly SentQuery[] = [...DBEAVER_QUERIES_KEPT_OUT, ...PGADMIN_QUERIES_KEPT_OUT]
