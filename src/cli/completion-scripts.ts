import type { CompletionNode, CompletionOption } from './completion-tree.ts'

export const SHELLS = ['bash', 'zsh', 'fish', 'powershell'] as const
export type Shell = (typeof SHELLS)[number]

/** The script for a shell; profile names it asks `pgoauth completion profiles` for when they are wanted. */
export function writeScript(shell: Shell, nodes: readonly CompletionNode[]): string {
  return WRITERS[shell](nodes)
}

const WRITERS: Readonly<Record<Shell, (nodes: readonly CompletionNode[]) => string>> = {
  bash: writeBash,
  zsh: writeZsh,
  fish: writeFish,
  powershell: writePowershell,
}

const PROFILES = 'pgoauth completion profiles 2>/dev/null'

/** Paths that have something below them, so that the words before the cursor can be followed. */
function knownPaths(nodes: readonly CompletionNode[]): string[] {
  return nodes.map(({ path }) => path).filter((path) => path !== '')
}

function valueFlags({ options }: CompletionNode): string[] {
  return options.filter(({ takesValue }) => takesValue).map(({ flag }) => flag)
}

/** Flags with the same choices, and these; then those whose value may be anything. */
function valueCases({ options }: CompletionNode): { flags: string[]; choices: string }[] {
  const byChoices = new Map<string, string[]>()
  for (const { flag, takesValue, choices } of options) {
    const key = choices.join(' ')
    if (takesValue) byChoices.set(key, [...(byChoices.get(key) ?? []), flag])
  }
  return [...byChoices].map(([choices, flags]) => ({ flags, choices }))
}

function offered({ options }: CompletionNode): CompletionOption[] {
  return options.filter(({ hidden }) => !hidden)
}

function wordsOf(node: CompletionNode): string {
  return [...node.commands.map(({ name }) => name), ...offered(node).map(({ flag }) => flag)].join(' ')
}

function writeBash(nodes: readonly CompletionNode[]): string {
  const cases = nodes.map((node) => {
    const values = valueCases(node).map(({ flags, choices }) =>
      choices === ''
        ? ` ${flags.join('|')}) return ;;`
        : ` ${flags.join('|')}) COMPREPLY=($(compgen -W "${choices}" -- "$current")); return ;;`,
    )
    const valueCase = values.length === 0 ? '' : ` case "$previous" in${values.join('')} esac;`
    const profiles = node.takesProfile ? ' profiles=1;' : ''
    return `    "${node.path}")${valueCase}${profiles} words="${wordsOf(node)}" ;;`
  })
  return `# pgoauth completion for bash: eval "$(pgoauth completion bash)"
_pgoauth() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}"
  local at="" word words="" profiles="" i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    word="\${COMP_WORDS[i]}"
    [[ $word == -- ]] && return
    [[ $word == -* ]] && continue
    case "\${at:+$at }$word" in
      ${knownPaths(nodes)
        .map((path) => `"${path}"`)
        .join('|')}) at="\${at:+$at }$word" ;;
    esac
  done
  case "$at" in
${cases.join('\n')}
  esac
  if [[ $profiles && $current != -* ]]; then
    words="$(${PROFILES})"
  fi
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _pgoauth pgoauth
`
}

function writeZsh(nodes: readonly CompletionNode[]): string {
  const describe = (name: string, summary: string) => quote(`${name.replaceAll(':', '\\:')}:${summary}`)
  const cases = nodes.map((node) => {
    const values = valueCases(node).map(({ flags, choices }) =>
      choices === '' ? `${flags.join('|')}) _files; return ;;` : `${flags.join('|')}) compadd ${choices}; return ;;`,
    )
    const valueCase = values.length === 0 ? '' : `case "$previous" in ${values.join(' ')} esac\n      `
    const words = [
      ...node.commands.map(({ name, summary }) => describe(name, summary)),
      ...offered(node).map(({ flag, summary }) => describe(flag, summary)),
    ]
    const profiles = node.takesProfile ? 'profiles=1; ' : ''
    return `    "${node.path}")\n      ${valueCase}${profiles}choices=(${words.join(' ')}) ;;`
  })
  return `#compdef pgoauth
# pgoauth completion for zsh: eval "$(pgoauth completion zsh)" after compinit
_pgoauth() {
  local at="" word profiles="" previous="\${words[CURRENT-1]}"
  local -a choices names
  for word in "\${(@)words[2,CURRENT-1]}"; do
    [[ $word == -- ]] && { _normal; return }
    [[ $word == -* ]] && continue
    case "\${at:+$at }$word" in
      ${knownPaths(nodes).map(quote).join('|')}) at="\${at:+$at }$word" ;;
    esac
  done
  case "$at" in
${cases.join('\n')}
  esac
  if [[ -n $profiles && \${words[CURRENT]} != -* ]]; then
    names=(\${(f)"$(${PROFILES})"})
    compadd -a names
    return
  fi
  _describe -t commands 'pgoauth' choices
}
if [[ "\${funcstack[1]}" == _pgoauth ]]; then _pgoauth "$@"; else compdef _pgoauth pgoauth; fi
`
}

function writeFish(nodes: readonly CompletionNode[]): string {
  const lines = nodes.flatMap((node) => {
    const at = `__pgoauth_at ${fishQuote(node.path)}`
    const values = valueFlags(node)
    const notValue = values.length === 0 ? '' : `; and not __pgoauth_behind ${values.join(' ')}`
    const where = `-n ${quote(at)}`
    return [
      ...node.commands.map(
        ({ name, summary }) => `complete -c pgoauth -f ${where} -a ${fishQuote(name)} -d ${fishQuote(summary)}`,
      ),
      ...offered(node).map(
        ({ flag, summary, takesValue, choices }) =>
          `complete -c pgoauth ${fishValue(takesValue, choices)} ${where} -l ${flag.slice(2)} -d ${fishQuote(summary)}`,
      ),
      ...valueCases(node)
        .filter(({ choices }) => choices !== '')
        .map(
          ({ flags, choices }) =>
            `complete -c pgoauth -f -n ${quote(`${at}; and __pgoauth_behind ${flags.join(' ')}`)} -a ${quote(choices)}`,
        ),
      ...(node.takesProfile
        ? [`complete -c pgoauth -f -n ${quote(`${at}${notValue}`)} -a '(${PROFILES})' -d profile`]
        : []),
    ]
  })
  return `# pgoauth completion for fish: pgoauth completion fish > ~/.config/fish/completions/pgoauth.fish
function __pgoauth_at
  set -l at
  for word in (commandline -opc)[2..-1]
    string match -q -- '-*' $word; and continue
    set -l next (string join ' ' $at $word)
    contains -- $next ${knownPaths(nodes).map(fishQuote).join(' ')}; and set at $at $word
  end
  test "$at" = "$argv[1]"
end
# Whether the word before the cursor is one of these flags.
function __pgoauth_behind
  contains -- (commandline -opc)[-1] $argv
end
${lines.join('\n')}
`
}

/** None, one of these, or anything (a file). */
function fishValue(takesValue: boolean, choices: readonly string[]): string {
  if (!takesValue) return '-f'
  return choices.length === 0 ? '-r' : `-x -a ${fishQuote(choices.join(' '))}`
}

function writePowershell(nodes: readonly CompletionNode[]): string {
  const entry = (node: CompletionNode) => {
    const words = [
      ...node.commands.map(({ name, summary }) => [name, summary] as const),
      ...offered(node).map(({ flag, summary }) => [flag, summary] as const),
    ].map(([word, summary]) => `@(${psQuote(word)}, ${psQuote(summary || word)})`)
    const values = node.options
      .filter(({ takesValue }) => takesValue)
      .map(({ flag, choices }) => `${psQuote(flag)} = @(${choices.map(psQuote).join(', ')})`)
    return `    ${psQuote(node.path)} = @{ Profiles = $${node.takesProfile}; Values = @{ ${values.join('; ')} }; Words = @(${words.join(', ')}) }`
  }
  return `# pgoauth completion for PowerShell: pgoauth completion powershell | Out-String | Invoke-Expression
Register-ArgumentCompleter -Native -CommandName pgoauth -ScriptBlock {
  param($current, $ast, $cursor)
  $places = @{
${nodes.map(entry).join('\n')}
  }
  $at = ''
  $previous = ''
  foreach ($element in $ast.CommandElements | Select-Object -Skip 1) {
    if ($element.Extent.EndOffset -ge $cursor -and $current -ne '') { break }
    $word = $element.ToString()
    if ($word -eq '--') { return }
    $previous = $word
    if ($word.StartsWith('-')) { continue }
    $next = ("$at $word").Trim()
    if ($places.ContainsKey($next)) { $at = $next }
  }
  $place = $places[$at]
  if ($place.Values.ContainsKey($previous)) {
    $place.Values[$previous] | Where-Object { $_ -like "$current*" } | ForEach-Object {
      [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_)
    }
    return
  }
  if ($place.Profiles -and -not $current.StartsWith('-')) {
    pgoauth completion profiles 2>$null | Where-Object { $_ -like "$current*" } | ForEach-Object {
      [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_)
    }
    return
  }
  $place.Words | Where-Object { $_[0] -like "$current*" } | ForEach-Object {
    [System.Management.Automation.CompletionResult]::new($_[0], $_[0], 'ParameterValue', $_[1])
  }
}
`
}

/** For bash and zsh: single quotes, which nothing inside can end. */
function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}

function fishQuote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}

function psQuote(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}
