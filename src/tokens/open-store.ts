import { join } from 'node:path'
import { fail } from '../base/errors.ts'
import { Secret } from '../base/secret.ts'
import type { StoreKind } from '../config/profiles.ts'
import type { SecretStore } from './secret-store.ts'
import type { TokenDeps } from './token-deps.ts'

/** Opens the store a profile asks for, and never another one. What it loads, it loads at first use. */
export async function openStore(kind: StoreKind, deps: TokenDeps): Promise<SecretStore> {
  switch (kind) {
    case 'memory':
      return (await import('./memory-store.ts')).memoryStoreOfProcess()
    case 'keychain': {
      const [{ openKeychainStore }, { loadKeychainModule }] = await Promise.all([
        import('./keychain-store.ts'),
        import('./keychain-module.ts'),
      ])
      return openKeychainStore(() => loadKeychainModule(deps.platform), deps.platform)
    }
    case 'file': {
      const { openFileStore } = await import('./file-store.ts')
      return openFileStore({
        directory: join(deps.paths.stateDir, 'logins'),
        passphrase: (isNew) => passphraseOf(deps, isNew),
      })
    }
  }
}

async function passphraseOf({ env, askPassphrase }: TokenDeps, isNew: boolean): Promise<Secret> {
  if (env.PGOAUTH_STORE_KEY) return new Secret(env.PGOAUTH_STORE_KEY)
  if (askPassphrase) return askPassphrase(isNew)
  fail('STORE_UNAVAILABLE', {
    detail: 'the file store needs a passphrase, and there is no terminal to ask at',
    fix: 'set PGOAUTH_STORE_KEY (make one with: openssl rand -base64 32)',
  })
}
