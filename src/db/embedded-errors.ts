/** Why the embedded PostgreSQL could not start; the message says what to do. */
export class EmbeddedPostgresError extends Error {
  readonly code: 'PORT_TAKEN' | 'IN_USE' | 'UNKNOWN_DATA' | 'UNSUPPORTED' | 'START_FAILED'
  constructor(code: EmbeddedPostgresError['code'], message: string) {
    super(message)
    this.name = 'EmbeddedPostgresError'
    this.code = code
  }
}
