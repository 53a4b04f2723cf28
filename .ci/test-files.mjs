// Runs test files in the order in which they are named, which `node --test` does not: it sorts them.
// node .ci/test-files.mjs FILES-AT-ONCE TIMEOUT-MS FILE…
import { run } from 'node:test'
import reporter from './reporter.mjs'

const [concurrency, timeout, ...files] = process.argv.slice(2)
run({ files, concurrency: Number(concurrency), timeout: Number(timeout) })
  .on('test:fail', ({ todo }) => {
    if (todo === undefined || todo === false) process.exitCode = 1
  })
  .compose(reporter)
  .pipe(process.stdout)
