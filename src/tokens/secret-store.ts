/**
 * Keeps named secret texts. The name (an *account*) is not secret, the text is. Nothing is kept anywhere
 * else when a store fails: each failure is an error that names the ways on.
 */
export interface SecretStore {
  /** Where the texts are, for people: "the keychain (Secret Service)". */
  readonly place: string
  /** Whether other processes of this person see the same texts. */
  readonly shared: boolean
  /** @throws STORE_UNAVAILABLE, STORE_CORRUPT. */
  read(account: string): Promise<string | undefined>
  /** Replaces the text whole: a crash leaves the old one or the new one. @throws STORE_UNAVAILABLE. */
  write(account: string, text: string): Promise<void>
  /** Also what cannot be read any more. True where there was something. @throws STORE_UNAVAILABLE. */
  remove(account: string): Promise<boolean>
  /** Every account there is. @throws STORE_UNAVAILABLE. */
  accounts(): Promise<string[]>
  /** Fails now, before a person goes through a login, if a write would. @throws STORE_UNAVAILABLE. */
  probe(): Promise<void>
}
