// One line for each top-level test, everything about one that fails, and node's own counts at the end.
import { inspect } from 'node:util'

export default async function* report(events) {
  const folder = `${process.cwd()}/`
  const counts = []
  for await (const { type, data } of events) {
    if (type === 'test:pass' && data.nesting === 0) {
      const skipped = data.skip === undefined ? '' : ` # SKIP ${data.skip}`
      yield `ok - ${place(data, folder)}${data.name}${skipped} (${Math.round(data.details.duration_ms)} ms)\n`
    } else if (type === 'test:pass' && data.skip !== undefined) {
      yield `  skipped - ${data.name} # SKIP ${data.skip}\n`
    } else if (type === 'test:fail') {
      const error = data.details.error
      yield `not ok - ${place(data, folder)}${data.name}\n`
      // A parent fails because a subtest did: the subtest has said why.
      if (error?.failureType !== 'subtestsFailed') {
        yield `${inspect(error?.cause ?? error, { depth: 8 }).replace(/^/gm, '    ')}\n`
      }
    } else if (type === 'test:stderr') {
      yield data.message
    } else if (type === 'test:diagnostic' && data.nesting === 0) {
      counts.push(data.message)
    }
  }
  for (const message of counts) yield `# ${message}\n`
}

function place({ file }, folder) {
  if (file === undefined) return ''
  return `${file.replace(folder, '').replace('dist/test/', '').replace('.test.js', '')}: `
}
