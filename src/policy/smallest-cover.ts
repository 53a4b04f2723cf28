/** So many sets are looked into; beyond, the smallest that was found is given, which may not be the smallest there is. */
const MAX_LOOKED_INTO = 3_000

/**
 * The smallest set of numbers that has one of each of these lists; of equals, the earlier number is preferred. Pure.
 *
 * What follows from a list with a single number, from a list that holds another whole, and from a number that is in no
 * list without a better one, is settled first; the rest is tried out, the shortest list first.
 */
export function smallestCover(lists: readonly (readonly number[])[]): number[] {
  let best = greedyCover(lists)
  let looked = 0
  const search = (open: readonly (readonly number[])[], chosen: readonly number[]): void => {
    if (++looked > MAX_LOOKED_INTO) return
    const left = reduced(open)
    const [shortest] = left
    if (shortest === undefined) {
      if (chosen.length < best.length) best = [...chosen]
      return
    }
    if (chosen.length + apart(left) >= best.length) return
    for (const one of shortest) search(without(left, one), [...chosen, one])
  }
  search(lists, [])
  return best.toSorted((a, b) => a - b)
}

function without(lists: readonly (readonly number[])[], one: number): readonly (readonly number[])[] {
  return lists.filter((list) => !list.includes(one))
}

/** Lists that hold another are covered with it; of numbers that are in the same lists or fewer, one does. Shortest first. */
function reduced(lists: readonly (readonly number[])[]): readonly (readonly number[])[] {
  const distinct = new Map(lists.map((list) => [list.join(), list]))
  const byLength = [...distinct.values()].sort((a, b) => a.length - b.length)
  const least: (readonly number[])[] = []
  for (const list of byLength) if (!least.some((one) => one.every((number) => list.includes(number)))) least.push(list)

  const places = new Map<number, Set<number>>()
  for (const [at, list] of least.entries()) {
    for (const number of list) places.set(number, (places.get(number) ?? new Set()).add(at))
  }
  const isWorse = (number: number, other: number) => {
    const [own, others] = [places.get(number), places.get(other)]
    if (!own || !others || number === other || own.size > others.size) return false
    return [...own].every((at) => others.has(at)) && (own.size < others.size || other < number)
  }
  const kept = least.map((list) => list.filter((number) => !list.some((other) => isWorse(number, other))))
  const isSame = kept.every((list, at) => list.length === least[at]?.length)
  return isSame ? least : reduced(kept)
}

/** How many lists, taken from the shortest on, have nothing in common: each needs a number of its own. */
function apart(lists: readonly (readonly number[])[]): number {
  const seen = new Set<number>()
  let count = 0
  for (const list of lists) {
    if (list.some((number) => seen.has(number))) continue
    for (const number of list) seen.add(number)
    count++
  }
  return count
}

/** Whatever is in most lists, again and again; then what turned out not to be needed goes. */
function greedyCover(lists: readonly (readonly number[])[]): number[] {
  const chosen: number[] = []
  for (let open = lists; open.length > 0; ) {
    const counts = new Map<number, number>()
    for (const list of open) for (const number of list) counts.set(number, (counts.get(number) ?? 0) + 1)
    const [most] = [...counts].sort((a, b) => b[1] - a[1] || a[0] - b[0])
    if (most === undefined) break
    chosen.push(most[0])
    open = without(open, most[0])
  }
  return chosen.filter((number, at) => {
    const others = chosen.slice(at + 1).concat(chosen.slice(0, at))
    return lists.some((list) => list.includes(number) && !list.some((one) => others.includes(one)))
  })
}
