import { fail } from '../base/errors.ts'
import {
  CLIENT,
  encodeClose,
  encodeDescribe,
  encodeQuery,
  parseBindTarget,
  parseNamedTarget,
} from '../wire/client-messages.ts'
import { Framer, type FrameSink } from '../wire/framer.ts'
import { HEADER_BYTES, MAX_MESSAGE_BYTES } from '../wire/limits.ts'
import { MessageReader } from '../wire/message-reader.ts'
import { MessageWriter } from '../wire/message-writer.ts'
import { type WholeTurn, withStatementName } from '../wire/whole-turn.ts'
import type { JoinedBytes } from './joined-bytes.ts'
import type { RepliesOwed } from './replies-owed.ts'
import {
  type ClientStatement,
  encodeParseOf,
  MAX_NAME_BYTES,
  NO_STATEMENT,
  newClientStatement,
  statementKey,
} from './statement-names.ts'

/** What of a server connection the rewriter keeps true. */
export interface StatementHolder {
  /** Names of the prepared statements on it, the longest unused first. */
  readonly prepared: Set<string>
  /** The Parse that its unnamed statement came from. */
  unnamed: object | undefined
}

/** The gate has bounded Query and Parse; a Bind goes through with this much of it read: its two names. */
const BIND_HEAD_BYTES = 4096
/** Statements kept on one server connection; the longest unused is closed for a new one. PgBouncer's default is 200. */
const MAX_PREPARED = 500

/**
 * Makes one client's prepared statements follow it: each has a name of its own on the server, is prepared again on a
 * connection that lacks it, and is unknown to everyone else. Takes what the gate let through; adds what the server is
 * to get to `out`, and what it will owe for it to `owed`.
 */
export class StatementRewriter implements FrameSink {
  /** By statementKey. */
  readonly statements = new Map<string, ClientStatement>()
  #unnamed: ClientStatement | undefined
  readonly #framer = new Framer({ maxHeldBytes: MAX_MESSAGE_BYTES })
  readonly #owed: RepliesOwed
  readonly #out: JoinedBytes
  #server: StatementHolder = { prepared: new Set(), unnamed: undefined }
  #isUnsynced = false

  constructor(owed: RepliesOwed, out: JoinedBytes) {
    this.#owed = owed
    this.#out = out
  }

  /** The connection that what comes next goes to. */
  useServer(server: StatementHolder): void {
    this.#server = server
  }

  /** None of the client's statements on the connection will do any more: each is prepared anew when it is next used. */
  forgetPrepared(): void {
    for (const { serverName } of this.statements.values()) this.#server.prepared.delete(serverName)
    this.#server.unnamed = UNKNOWN
  }

  /** Text and parameter types of a statement of the client's; undefined where it has none of that name. */
  definitionOf(name: string): Buffer | undefined {
    return name === '' ? this.#unnamed?.definition : this.statements.get(statementKey(name))?.definition
  }

  /** A turn ran that went another way: its unnamed statement is the client's from here on. */
  ranElsewhere(turn: WholeTurn): void {
    if (turn.kind === 'query') this.#unnamed = undefined
    else if (turn.parses) {
      const { bytes, definitionStart, definitionEnd } = turn
      if (this.#unnamed?.definition.equals(bytes.subarray(definitionStart, definitionEnd))) return
      this.#unnamed = newClientStatement(Buffer.from(bytes.subarray(definitionStart, definitionEnd)))
    }
  }

  /**
   * What a whole turn becomes, where all that it uses is on the connection already; undefined where it has to be pushed. At
   * a boundary only, and the turn is no DEALLOCATE. What the server owes for it is entered by `oweTurn`, and need not be
   * where the answer is seen to be what it should be.
   */
  takeTurn(turn: WholeTurn): Buffer | undefined {
    const server = this.#server
    const { bytes } = turn
    if (turn.kind === 'query') {
      this.#unnamed = undefined
      server.unnamed = undefined
      return bytes
    }
    const { definitionStart, definitionEnd, nameStart, nameEnd } = turn
    if (turn.parses) {
      this.#unnamed = newClientStatement(Buffer.from(bytes.subarray(definitionStart, definitionEnd)))
      server.unnamed = this.#unnamed
      return bytes
    }
    if (nameStart === nameEnd) {
      return this.#unnamed !== undefined && server.unnamed === this.#unnamed ? bytes : undefined
    }
    const key = bytes.toString('latin1', nameStart, Math.min(nameEnd, nameStart + MAX_NAME_BYTES))
    const statement = this.statements.get(key)
    if (statement === undefined || !this.#touch(statement.serverName)) return undefined
    return withStatementName(turn, statement.serverName)
  }

  /** Enters what the server owes for the turn that was taken last. */
  oweTurn(turn: WholeTurn): void {
    const statement = this.#unnamed
    if (turn.kind === 'bind' && turn.parses && statement !== undefined) this.#oweUnnamed(statement)
    this.#owed.add(TURN)
  }

  /** Nothing is half sent, and no extended-query message waits for its Sync. */
  get atBoundary(): boolean {
    return this.#framer.atBoundary && !this.#isUnsynced
  }

  push(chunk: Buffer): void {
    this.#framer.push(chunk, this)
  }

  holds(tag: number, bodyBytes: number): boolean | number {
    switch (tag) {
      case CLIENT.CopyData:
      case CLIENT.CopyDone:
      case CLIENT.CopyFail:
      case CLIENT.Flush:
        return false
      case CLIENT.Query:
        if (bodyBytes <= MAX_DEALLOCATE_BYTES && this.statements.size > 0) return true
        this.#beginTurn()
        return false
      case CLIENT.FunctionCall:
        this.#beginTurn()
        return false
      case CLIENT.Sync:
        this.#isUnsynced = false
        this.#owed.add(TURN)
        return false
      case CLIENT.Execute:
        this.#isUnsynced = true
        return false
      case CLIENT.Bind:
        this.#isUnsynced = true
        return bodyBytes > BIND_HEAD_BYTES ? BIND_HEAD_BYTES : true
      case CLIENT.Parse:
      case CLIENT.Describe:
      case CLIENT.Close:
        this.#isUnsynced = true
        return true
    }
    return fail('INTERNAL', { detail: `the gate let message ${tag} through` })
  }

  onBytes(bytes: Buffer): void {
    this.#out.add(bytes)
  }

  onMessage(tag: number, message: Buffer): void {
    const body = message.subarray(HEADER_BYTES)
    switch (tag) {
      case CLIENT.Parse:
        this.#parse(message, body)
        return
      case CLIENT.Bind:
        this.#bind(message, body)
        return
      case CLIENT.Describe:
        this.#describe(message, body)
        return
      case CLIENT.Close:
        this.#close(message, body)
        return
      case CLIENT.Query:
        this.#query(message, body)
    }
  }

  /** A simple Query drops the unnamed statement (exec_simple_query in postgres.c). */
  #beginTurn(): void {
    if (this.#isUnsynced) fail('BAD_FRAME', { detail: 'a Query between extended-query messages and their Sync' })
    this.#owed.add(TURN)
    this.#unnamed = undefined
    this.#server.unnamed = undefined
  }

  #parse(message: Buffer, body: Buffer): void {
    const reader = new MessageReader(body)
    const name = reader.cstring()
    const server = this.#server
    const key = statementKey(name)
    const known = name === '' ? undefined : this.statements.get(key)
    if (known !== undefined) {
      // The server is to refuse it, as a statement that exists already: so it must.
      this.#ensure(known)
      this.#owed.add({ kind: 'parse', taken: false })
      this.#out.add(encodeParseOf(known, known.serverName))
      return
    }
    const statement = newClientStatement(Buffer.from(reader.rest()))
    if (name === '') {
      this.#unnamed = statement
      server.unnamed = statement
      this.#oweUnnamed(statement)
      this.#out.add(message)
      return
    }
    this.statements.set(key, statement)
    this.#makeRoom()
    server.prepared.add(statement.serverName)
    this.#owed.add({
      kind: 'parse',
      taken: false,
      undo: () => {
        if (this.statements.get(key) === statement) this.statements.delete(key)
        server.prepared.delete(statement.serverName)
      },
    })
    this.#out.add(encodeParseOf(statement, statement.serverName))
  }

  /** A Parse of the unnamed statement was sent. */
  #oweUnnamed(statement: ClientStatement): void {
    const server = this.#server
    this.#owed.add({
      kind: 'parse',
      taken: false,
      undo: () => {
        if (this.#unnamed === statement) this.#unnamed = undefined
        server.unnamed = UNKNOWN
      },
    })
  }

  #bind(message: Buffer, body: Buffer): void {
    const { portal, statement } = parseBindTarget(body)
    const serverName = this.#serverName(statement)
    if (serverName === statement) {
      this.#out.add(message)
      return
    }
    const from = Buffer.byteLength(portal) + 1 + Buffer.byteLength(statement) + 1
    const grown = serverName.length - Buffer.byteLength(statement)
    const writer = new MessageWriter(message.length + grown)
    writer.byte(CLIENT.Bind).int32(message.readInt32BE(1) + grown)
    this.#out.add(writer.cstring(portal).cstring(serverName).bytes(body.subarray(from)).finish())
  }

  #describe(message: Buffer, body: Buffer): void {
    const target = parseNamedTarget(body)
    const serverName = target.kind === 'statement' ? this.#serverName(target.name) : target.name
    this.#out.add(serverName === target.name ? message : encodeDescribe({ kind: 'statement', name: serverName }))
  }

  /** Closing what the client has not is no error, so the server is told to close nothing where it has not got it. */
  #close(message: Buffer, body: Buffer): void {
    const { kind, name } = parseNamedTarget(body)
    if (kind === 'portal') {
      this.#owed.add({ kind: 'close', taken: false })
      this.#out.add(message)
      return
    }
    const server = this.#server
    if (name === '') {
      const before = { own: this.#unnamed }
      this.#unnamed = undefined
      server.unnamed = undefined
      this.#owed.add({
        kind: 'close',
        taken: false,
        undo: () => {
          this.#unnamed = before.own
          server.unnamed = UNKNOWN
        },
      })
      this.#out.add(message)
      return
    }
    const key = statementKey(name)
    const statement = this.statements.get(key)
    const serverName = statement?.serverName ?? NO_STATEMENT
    this.statements.delete(key)
    server.prepared.delete(serverName)
    this.#owed.add({
      kind: 'close',
      taken: false,
      // Skipped: it may still be there, and then Close comes before it is prepared again.
      undo: () => {
        if (statement !== undefined) this.statements.set(key, statement)
      },
    })
    this.#out.add(encodeClose({ kind, name: serverName }))
  }

  /** The name by which the server knows a statement of the client's, prepared there by now; its own where it has none. */
  #serverName(name: string): string {
    if (name === '') {
      this.#ensureUnnamed()
      return ''
    }
    const statement = this.statements.get(statementKey(name))
    if (statement === undefined) return name
    this.#ensure(statement)
    return statement.serverName
  }

  #ensure(statement: ClientStatement): void {
    const server = this.#server
    const { serverName } = statement
    if (this.#touch(serverName)) return
    this.#makeRoom()
    this.#closeUnasked(serverName)
    server.prepared.add(serverName)
    this.#owed.add({ kind: 'parse', taken: true, undo: () => server.prepared.delete(serverName) })
    this.#out.add(encodeParseOf(statement, serverName))
  }

  /** Whether the connection has it; it is the one used last, which matters only where it will soon have too many. */
  #touch(serverName: string): boolean {
    const { prepared } = this.#server
    if (prepared.size < MAX_PREPARED / 2) return prepared.has(serverName)
    if (!prepared.delete(serverName)) return false
    prepared.add(serverName)
    return true
  }

  #ensureUnnamed(): void {
    const server = this.#server
    const statement = this.#unnamed
    if (server.unnamed === statement) return
    server.unnamed = statement
    const undo = () => {
      server.unnamed = UNKNOWN
    }
    if (statement === undefined) {
      this.#owed.add({ kind: 'close', taken: true, undo })
      this.#out.add(encodeClose({ kind: 'statement', name: '' }))
    } else {
      this.#owed.add({ kind: 'parse', taken: true, undo })
      this.#out.add(encodeParseOf(statement, ''))
    }
  }

  #makeRoom(): void {
    const { prepared } = this.#server
    if (prepared.size < MAX_PREPARED) return
    const [oldest] = prepared
    if (oldest === undefined) return
    prepared.delete(oldest)
    this.#closeUnasked(oldest)
  }

  #closeUnasked(serverName: string): void {
    this.#owed.add({ kind: 'close', taken: true })
    this.#out.add(encodeClose({ kind: 'statement', name: serverName }))
  }

  /** A Query that could be a DEALLOCATE; of a statement prepared with Parse, it is put in the server's words. */
  #query(message: Buffer, body: Buffer): void {
    const deallocates = this.#deallocates(body.subarray(0, -1))
    if (deallocates === undefined) {
      this.#beginTurn()
      this.#out.add(message)
      return
    }
    const { serverName } = deallocates
    if (!this.#server.prepared.delete(serverName)) {
      this.#owed.add({ kind: 'turn', taken: true })
      this.#out.add(encodeQuery(`PREPARE ${serverName} AS SELECT`))
    }
    this.#beginTurn()
    this.#out.add(encodeQuery(`DEALLOCATE ${serverName}`))
  }

  /** The statement that a text deallocates by its name, where it does that and nothing else. */
  #deallocates(sql: Buffer): ClientStatement | undefined {
    const [, quoted, plain] = DEALLOCATE.exec(sql.toString('utf8')) ?? []
    const name = plain?.toLowerCase() ?? quoted?.replaceAll('""', '"')
    return name === undefined ? undefined : this.statements.get(statementKey(name))
  }
}

/** As drivers write it; with a comment or beside another statement it is taken for the name of a SQL PREPARE. */
const DEALLOCATE = /^\s*deallocate\s+(?:prepare\s+)?(?:"((?:[^"]|"")+)"|([a-z_][a-z0-9_$]*))\s*;?\s*$/i
const MAX_DEALLOCATE_BYTES = 300
const TURN = { kind: 'turn', taken: false } as const
/** Whatever the unnamed statement of a server is now, it is none that a client means. */
const UNKNOWN = {}
