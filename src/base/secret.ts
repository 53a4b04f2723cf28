import { inspect } from 'node:util'

const REDACTED = '[redacted]'

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

  [inspect.custom](): string {
    return REDACTED
  }
}
