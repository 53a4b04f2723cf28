/**
 * The functions that clients call by OID: libpq's and pgjdbc's large object interfaces. OIDs of built-in functions
 * never change; these were read from pg_proc of PostgreSQL 18.
 *
 * @see https://www.postgresql.org/docs/18/lo-funcs.html
 */
export const LARGE_OBJECT_FUNCTIONS: ReadonlyMap<number, string> = new Map([
  [715, 'lo_create'],
  [764, 'lo_import'],
  [765, 'lo_export'],
  [767, 'lo_import'],
  [952, 'lo_open'],
  [953, 'lo_close'],
  [954, 'loread'],
  [955, 'lowrite'],
  [956, 'lo_lseek'],
  [957, 'lo_creat'],
  [958, 'lo_tell'],
  [964, 'lo_unlink'],
  [1004, 'lo_truncate'],
  [3170, 'lo_lseek64'],
  [3171, 'lo_tell64'],
  [3172, 'lo_truncate64'],
])
