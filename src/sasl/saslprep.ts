/** Spaces other than U+0020 (RFC 3454 table C.1.2). */
const OTHER_SPACES = /[\u00a0\u1680\u2000-\u200b\u202f\u205f\u3000]/g
/** Mapped to nothing (RFC 3454 table B.1). */
const TO_NOTHING = /\u034f|\u200d|[\u00ad\u1806\u200c\u2060\ufeff]|[\u180b-\u180d]|[\ufe00-\ufe0f]/g
/** Prohibited (RFC 4013 section 2.3): control, private use, surrogates, non-characters, tagging and the like. */
const PROHIBITED =
  /[\p{Cc}\p{Co}\p{Cs}\p{Noncharacter_Code_Point}\u06dd\u070f\u180e\u2028\u2029\u206a-\u206f\ufff9-\ufffd\u{1d173}-\u{1d17a}\u{e0001}\u{e0020}-\u{e007f}\u2ff0-\u2ffb\u200e\u200f\u202a-\u202e]|\u0340|\u0341/u

/**
 * The password as SCRAM hashes it: SASLprep (RFC 4013) without its rules on text direction, and the password as it
 * is where it holds what is prohibited, which is what PostgreSQL does (`pg_saslprep`).
 */
export function saslprep(password: string): string {
  if (isAscii(password)) return password
  const prepared = password.replace(TO_NOTHING, '').replace(OTHER_SPACES, ' ').normalize('NFKC')
  return prepared === '' || PROHIBITED.test(prepared) ? password : prepared
}

function isAscii(text: string): boolean {
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) > 0x7f) return false
  return true
}
