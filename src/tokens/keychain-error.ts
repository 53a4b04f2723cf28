import { PgoauthError } from '../base/errors.ts'
import { printable } from '../base/printable.ts'
import { OR_OTHERWISE } from './keychain-module.ts'

/** What libsecret, the macOS Keychain and Windows say, told apart: locked, absent, or failing. */
export function keychainError(error: unknown, doing: string, platform: NodeJS.Platform): PgoauthError {
  const said = error instanceof Error ? error.message : String(error)
  const { detail, fix } = kindOf(said, platform) ?? {
    detail: `the keychain failed to ${doing}: ${printable(said, 200)}`,
    fix: `pgoauth doctor${OR_OTHERWISE}`,
  }
  return new PgoauthError('STORE_UNAVAILABLE', { detail, fix, cause: error })
}

function kindOf(said: string, platform: NodeJS.Platform): { detail: string; fix: string } | undefined {
  if (/locked|is not allowed|interaction is not allowed|dismissed|UserCanceled|user name or passphrase/i.test(said)) {
    const unlock =
      platform === 'darwin'
        ? 'security unlock-keychain'
        : 'log in to the desktop, or run: gnome-keyring-daemon --replace --unlock --components=secrets < passphrase-file'
    return { detail: 'the keychain is locked', fix: `unlock it (${unlock})${OR_OTHERWISE}` }
  }
  if (/autolaunch|Could not connect|Failed to connect|No such file|DBUS_SESSION_BUS|Cannot spawn/i.test(said)) {
    return {
      detail: 'there is no keychain here: no D-Bus session (SSH, a container, a service)',
      fix: `start one (dbus-run-session with gnome-keyring-daemon, or log in to a desktop)${OR_OTHERWISE}`,
    }
  }
  if (/not provided by any|ServiceUnknown|NameHasNoOwner|was not provided|not activatable/i.test(said)) {
    return {
      detail: 'there is no keychain here: nothing offers org.freedesktop.secrets on D-Bus',
      fix: `start one (gnome-keyring, KWallet, KeePassXC)${OR_OTHERWISE}`,
    }
  }
  if (/does not exist at path/i.test(said)) {
    return {
      detail: 'the keychain has never been set up: it has no collection to keep entries in',
      fix: `log in to the desktop once, or run: gnome-keyring-daemon --replace --unlock --components=secrets${OR_OTHERWISE}`,
    }
  }
  return undefined
}
