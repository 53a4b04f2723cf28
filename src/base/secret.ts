const REDACTED = '[redacted]'

/** `util.inspect.custom`, by its registered name: importing node:util would load all of it into every command. */
const inspectCustom = Symbol.for('nodejs.util.inspect.custom')

/**
 * A value that prints as `[redacted]` however it is printed: string, JSON, console, logger.
 * The way to the value is `reveal()`, so that every place that opens a secret can be found by name.
 */
export class Secret {
  readonly #value: string

  constructor(value: string) {
    this.#value = value
  }

  reveal(): string {
    return this.#value
  }

  toString(): string {
    return REDACTED
  }

  toJSON(): string {
    return REDACTED
  }

  [inspectCustom](): string {
    return REDACTED
  }
}
