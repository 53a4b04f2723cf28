import assert from 'node:assert/strict'
import { test } from 'node:test'
import { remoteParameters } from '../../src/tunnel/startup-parameters.ts'

function remote(client: Record<string, string>, profile: { user?: string; database?: string }) {
  const startup = {
    kind: 'startup',
    version: { major: 3, minor: 0 },
    parameters: new Map(Object.entries(client)),
  } as const
  const parameters = remoteParameters(startup, { name: 'prod', user: profile.user, database: profile.database })
  return { user: parameters.get('user'), database: parameters.get('database') }
}

for (const [fact, client, profile, expected] of [
  ['the client’s user and database are kept', { user: 'ada', database: 'app' }, {}, { user: 'ada', database: 'app' }],
  [
    'a profile’s user always replaces the client’s',
    { user: 'ada', database: 'app' },
    { user: 'bob' },
    { user: 'bob', database: 'app' },
  ],
  [
    'a profile’s database stands in for a missing one',
    { user: 'ada' },
    { database: 'app' },
    { user: 'ada', database: 'app' },
  ],
  [
    'a profile’s database stands in for libpq’s default',
    { user: 'ada', database: 'ada' },
    { database: 'app' },
    { user: 'ada', database: 'app' },
  ],
  [
    'a database that the client chose is kept',
    { user: 'ada', database: 'other' },
    { database: 'app' },
    { user: 'ada', database: 'other' },
  ],
  [
    'libpq’s default is told by the client’s user, not the profile’s',
    { user: 'ada', database: 'ada' },
    { user: 'bob', database: 'app' },
    { user: 'bob', database: 'app' },
  ],
  [
    'a client without a user is given the profile’s',
    { database: 'app' },
    { user: 'bob' },
    { user: 'bob', database: 'app' },
  ],
  ['nothing is made up', { user: 'ada' }, {}, { user: 'ada', database: undefined }],
] as [string, Record<string, string>, { user?: string; database?: string }, object][]) {
  test(fact, () => assert.deepEqual(remote(client, profile), expected))
}

test('without any user there is an error that names the setting', () => {
  assert.throws(() => remote({}, {}), { code: 'BAD_STARTUP', fix: /set "user" in profile prod/ })
})
