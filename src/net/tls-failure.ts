import { PgoauthError } from '../base/errors.ts'
import { reasonOf } from './dial.ts'
import type { TlsSettings } from './tls-client.ts'

interface Explanation {
  readonly detail: string
  readonly fix: string
}

const UNKNOWN_CA: (settings: TlsSettings) => Explanation = ({ name, ca }) => ({
  detail: `the certificate of ${name} is signed by an authority that is not trusted here`,
  fix: ca
    ? `check that ${ca} (tls.ca) holds the authority that signed it`
    : 'name the file with its authority: tls.ca in the profile, --tls-ca, or PGOAUTH_TLS_CA',
})

const WANTS_CERTIFICATE: (settings: TlsSettings) => Explanation = ({ name, cert }) => ({
  detail: cert ? `${name} does not accept our client certificate` : `${name} wants a client certificate`,
  fix: cert ? `check ${cert} (tls.cert)` : 'set tls.cert and tls.key in the profile',
})

const NO_COMMON_VERSION: (settings: TlsSettings) => Explanation = ({ name }) => ({
  detail: `${name} and this tunnel have no TLS version or cipher in common (TLS 1.2 is the least)`,
  fix: 'the other side has to be brought up to date',
})

const EXPLANATIONS: Readonly<Record<string, (settings: TlsSettings) => Explanation>> = {
  CERT_HAS_EXPIRED: ({ name }) => ({
    detail: `the certificate of ${name} has expired`,
    fix: 'whoever runs it must renew it; check the clock of this machine too',
  }),
  CERT_NOT_YET_VALID: ({ name }) => ({
    detail: `the certificate of ${name} is not valid yet`,
    fix: 'check the clock of this machine',
  }),
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNKNOWN_CA,
  UNABLE_TO_GET_ISSUER_CERT: UNKNOWN_CA,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNKNOWN_CA,
  SELF_SIGNED_CERT_IN_CHAIN: UNKNOWN_CA,
  DEPTH_ZERO_SELF_SIGNED_CERT: UNKNOWN_CA,
  CERT_UNTRUSTED: UNKNOWN_CA,
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: WANTS_CERTIFICATE,
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: WANTS_CERTIFICATE,
  ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE: WANTS_CERTIFICATE,
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED: WANTS_CERTIFICATE,
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: NO_COMMON_VERSION,
  ERR_SSL_UNSUPPORTED_PROTOCOL: NO_COMMON_VERSION,
  ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE: NO_COMMON_VERSION,
  ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL: ({ name }) => ({
    detail: `${name} does not speak Postgres over TLS (ALPN "postgresql")`,
    fix: 'check host and port',
  }),
  ERR_SSL_WRONG_VERSION_NUMBER: ({ name }) => ({
    detail: `what answers at ${name} does not speak TLS`,
    fix: 'check host, port and sslnegotiation',
  }),
}

/** A TLS failure as one of ours: what does not fit, and the setting to look at. */
export function tlsFailure(cause: unknown, settings: TlsSettings): PgoauthError {
  const code = (cause as NodeJS.ErrnoException | undefined)?.code ?? ''
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return new PgoauthError('TLS_FAILED', { ...wrongName(cause, settings), cause })
  const explain = EXPLANATIONS[code]
  if (explain) return new PgoauthError('TLS_FAILED', { ...explain(settings), cause })
  if (code.startsWith('ERR_OSSL_') || code.startsWith('ERR_TLS_')) {
    const detail = `tls.ca, tls.cert or tls.key cannot be used: ${reasonOf(cause)}`
    return new PgoauthError('TLS_FAILED', { detail, fix: 'check the files that they name', cause })
  }
  return new PgoauthError('TLS_FAILED', {
    detail: `${settings.name}: ${reasonOf(cause)}`,
    fix: 'check host and port',
    cause,
  })
}

/** Whether an error that comes after the handshake is still about it: TLS 1.3 servers refuse a client late. */
export function isTlsAlert(error: unknown): boolean {
  return ((error as NodeJS.ErrnoException | undefined)?.code ?? '').startsWith('ERR_SSL_')
}

function wrongName(cause: unknown, { name }: TlsSettings): Explanation {
  const names = (cause as { cert?: { subjectaltname?: string } }).cert?.subjectaltname ?? 'no name at all'
  return {
    detail: `the certificate is not for ${name}, but for ${names.slice(0, 300)}`,
    fix: "correct host, or name the certificate's own name in tls.server_name",
  }
}
