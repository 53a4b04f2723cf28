/** What a server reports of its settings, or a client was told of them (ParameterStatus), by name. */
export class ReportedSettings extends Map<string, string> {
  #text: string | undefined

  constructor(entries: Iterable<readonly [string, string]> = []) {
    super()
    for (const [name, value] of entries) this.set(name, value)
  }

  override set(name: string, value: string): this {
    if (this.get(name) !== value) this.#text = undefined
    return super.set(name, value)
  }

  /** All of it as one text, which is made once for each change: to compare what hardly ever changes. */
  get text(): string {
    this.#text ??= JSON.stringify([...this].sort(([a], [b]) => (a < b ? -1 : 1)))
    return this.#text
  }
}
