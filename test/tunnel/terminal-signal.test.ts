import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cameFromTerminal, isInForeground } from '../../src/tunnel/terminal-signal.ts'

/** pid (comm) state ppid pgrp session tty_nr tpgid */
function stat(group: number, tty: number, foreground: number): string {
  return `10 (node) tricky) S 1 ${group} 5 ${tty} ${foreground} 4194304 0`
}

test('SIGINT and SIGQUIT of our terminal’s foreground group came from the keyboard', () => {
  assert.equal(cameFromTerminal('SIGINT', true, stat(7, 34816, 7)), true)
  assert.equal(cameFromTerminal('SIGQUIT', true, stat(7, 34816, 7)), true)
})

test('SIGINT of a background group was sent by somebody', () => {
  assert.equal(cameFromTerminal('SIGINT', true, stat(7, 34816, 8)), false)
})

test('SIGINT without a terminal was sent by somebody', () => {
  assert.equal(cameFromTerminal('SIGINT', true, stat(7, 0, 7)), false)
})

test('SIGTERM never comes from the keyboard', () => {
  assert.equal(cameFromTerminal('SIGTERM', true, stat(7, 34816, 7)), false)
})

test('who is not in the foreground of its terminal may not read it', () => {
  assert.equal(isInForeground(stat(7, 34816, 7)), true)
  assert.equal(isInForeground(stat(7, 34816, 8)), false)
  assert.equal(isInForeground(stat(7, 0, -1)), true)
})
