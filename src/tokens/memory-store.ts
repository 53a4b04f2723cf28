import type { SecretStore } from './secret-store.ts'

/** One for the process: what `connect` logs in to, its token source finds. */
let processStore: SecretStore | undefined

export function memoryStoreOfProcess(): SecretStore {
  processStore ??= openMemoryStore()
  return processStore
}

/** Keeps texts for as long as this process lives. */
export function openMemoryStore(): SecretStore {
  const texts = new Map<string, string>()
  return {
    place: 'this process only',
    shared: false,
    read: async (account) => texts.get(account),
    write: async (account, text) => {
      texts.set(account, text)
    },
    remove: async (account) => texts.delete(account),
    accounts: async () => [...texts.keys()],
    probe: async () => {},
  }
}
