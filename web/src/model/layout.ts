/**
 * Where the nodes stand: as the person arranged them, and otherwise in layers from top to bottom.
 *
 * Every action stands above all that it alone leads to, centred: its paths side by side, and below them the actions at
 * which those paths meet, side by side too where none leads to another. What only a failure or a time-out leads to stands to the right, so that the usual path stays
 * straight. Blocks do not overlap, and every edge leads downwards. What nothing leads to stands at the far right.
 */
import { type AutomationDocument, type Position, TRIGGER } from './document'
import { type Edge, edgesOf, reachableFrom } from './edges'

export const NODE_WIDTH = 240

/** The room that a node takes with the space around it. */
export const CELL = { width: 300, height: 140 }
/** How far an edge that passes by a path stands from it. */
const LANE = 40

/** How high a row is: with room for the conditions of actions, the words on edges, and the light of a run. */
export function rowHeightOf({ actions }: Pick<AutomationDocument, 'actions'>, isLit: boolean): number {
  const hasConditions = actions.some((action) => action.when !== undefined && action.when !== null)
  const hasWords = edgesOf({ actions }).some((edge) => edge.kind !== 'next' && edge.kind !== 'start')
  return (
    CELL.height + (hasConditions ? 22 : 0) + (hasWords || actions.some(isBranch) ? 40 : 0) + (isLit ? 30 : 0)
  )
}

const isBranch = ({ type }: { type: string }): boolean => type === 'branch'

type Actions = Pick<AutomationDocument, 'actions' | 'layout'>

/** The position of every node by its id, the trigger's too. */
export function positionsOf(
  document: Actions,
  rowHeight = rowHeightOf(document, false),
): Record<string, Position> {
  const tidy = tidyLayout(document, rowHeight).positions
  const arranged = document.layout?.positions ?? {}
  const positions: Record<string, Position> = {}
  for (const [id, position] of Object.entries(tidy)) positions[id] = arranged[id] ?? position
  if (Object.keys(arranged).length === 0) return positions
  const used = new Set<string>()
  for (const edge of edgesOf(document)) {
    const above = positions[edge.source]
    if (arranged[edge.target] || !above || used.has(edge.target)) continue
    used.add(edge.target)
    const siblings = edgesOf(document).filter((other) => other.source === edge.source)
    const place = siblings.findIndex((other) => other.target === edge.target)
    positions[edge.target] = { x: above.x + place * CELL.width, y: above.y + rowHeight }
  }
  return positions
}

export interface Layout {
  positions: Record<string, Position>
  /** The middle of the lane of each edge that passes by a path, by its number among the document's edges. */
  lanes: Map<number, number>
}

interface Block {
  /** How far it reaches to both sides of its own middle. */
  left: number
  right: number
  /** The row below its last one. */
  end: number
  places: Array<{ id: string; x: number; row: number }>
  lanes: Array<{ edge: number; x: number }>
}

/** Stands above everything that nothing leads to. */
const NOWHERE = '$nowhere'

/** The arrangement that nobody made. */
export function tidyLayout(document: Actions, rowHeight = CELL.height): Layout {
  const edges = edgesOf(document)
  const reached = reachableFrom(edges, TRIGGER)
  const entered = new Set(edges.map((edge) => edge.target))
  const ids = document.actions.map((action) => action.id)
  const heads = ids.filter((id) => !entered.has(id) && !reached.has(id))
  const all = [
    ...edges.map((edge, number) => ({ ...edge, number })),
    ...heads.map((id) => ({ source: NOWHERE, target: id, kind: 'start' as const, place: 0, number: -1 })),
  ].filter(({ source, target }) => reached.has(source) || !reached.has(target))
  const order = orderOf([TRIGGER, NOWHERE, ...ids], all)
  const rank = new Map(order.map((id, index) => [id, index]))
  const forward = all.filter((edge) => (rank.get(edge.source) ?? 0) < (rank.get(edge.target) ?? 0))
  const above = dominatorsOf(order, forward)
  const positions: Record<string, Position> = {}
  const lanes = new Map<number, number>()
  const drawing = { order, above, forward }
  let edgeOfAll: number | null = null
  const tops = order.filter((id) => above.get(id) === null && id !== TRIGGER && id !== NOWHERE)
  for (const top of [TRIGGER, ...(heads.length > 0 ? [NOWHERE] : []), ...tops]) {
    const block = blockOf(top, top === TRIGGER || top === NOWHERE ? 0 : 1, drawing)
    const middle: number = edgeOfAll === null ? 0 : edgeOfAll + block.left
    edgeOfAll = middle + block.right
    for (const { id, x, row } of block.places) {
      if (id !== NOWHERE) positions[id] = { x: middle + x, y: row * rowHeight }
    }
    for (const { edge, x } of block.lanes) lanes.set(edge, middle + x + NODE_WIDTH / 2)
  }
  return { positions, lanes }
}

/** All nodes, each after those that lead to it; an edge that leads back counts for nothing. */
function orderOf(ids: readonly string[], edges: readonly Edge[]): string[] {
  const targets = new Map<string, string[]>()
  for (const edge of edges) targets.set(edge.source, [...(targets.get(edge.source) ?? []), edge.target])
  const finished: string[] = []
  const seen = new Set<string>()
  const visit = (start: string) => {
    const path: Array<{ id: string; left: string[] }> = []
    const enter = (id: string) => {
      if (seen.has(id)) return
      seen.add(id)
      path.push({ id, left: [...(targets.get(id) ?? [])] })
    }
    enter(start)
    for (let here = path.at(-1); here; here = path.at(-1)) {
      const target = here.left.pop()
      if (target !== undefined) enter(target)
      else finished.push(path.pop()?.id as string)
    }
  }
  for (const id of [...ids].reverse()) visit(id)
  return finished.reverse()
}

/** Of each node the one that every way to it passes last; null where there is none. */
function dominatorsOf(order: readonly string[], edges: readonly Edge[]): Map<string, string | null> {
  const above = new Map<string, string | null>()
  const depth = new Map<string, number>()
  const sources = new Map<string, string[]>()
  for (const edge of edges) sources.set(edge.target, [...(sources.get(edge.target) ?? []), edge.source])
  const common = (one: string | null, other: string | null): string | null => {
    let [a, b] = [one, other]
    while (a !== b) {
      if (a === null || b === null) return null
      if ((depth.get(a) ?? 0) >= (depth.get(b) ?? 0)) a = above.get(a) ?? null
      else b = above.get(b) ?? null
    }
    return a
  }
  for (const id of order) {
    const [first, ...rest] = sources.get(id) ?? []
    const found = rest.reduce<string | null>(common, first ?? null)
    above.set(id, found)
    depth.set(id, found === null ? 0 : (depth.get(found) ?? 0) + 1)
  }
  return above
}

interface Drawing {
  order: readonly string[]
  above: ReadonlyMap<string, string | null>
  forward: ReadonlyArray<Edge & { number: number }>
}

function blockOf(id: string, row: number, drawing: Drawing): Block {
  const { order, above, forward } = drawing
  const out = forward.filter((edge) => edge.source === id)
  const own = order.filter((other) => above.get(other) === id)
  const isSide = (other: string) => forward.every((edge) => edge.target !== other || edge.source === id)
  const ways = (kinds: (edge: Edge) => boolean) => [
    ...new Set(out.filter((edge) => kinds(edge) && isSide(edge.target)).map((edge) => edge.target)),
  ]
  const isAside = (edge: Edge) => edge.kind === 'error' || edge.kind === 'timeout'
  const usual = ways((edge) => !isAside(edge))
  const aside = ways(isAside).filter((other) => !usual.includes(other))
  const block: Block = {
    left: CELL.width / 2,
    right: CELL.width / 2,
    end: row + 1,
    places: [{ id, x: 0, row }],
    lanes: [],
  }
  const blocks = usual.map((other) => blockOf(other, row + 1, drawing))
  const width = blocks.reduce((sum, each) => sum + each.left + each.right, 0)
  let x = blocks.length === 1 ? -(blocks[0] as Block).left : -width / 2
  for (const each of blocks) {
    put(block, each, x + each.left)
    x += each.left + each.right
  }
  for (const each of aside.map((other) => blockOf(other, row + 1, drawing))) {
    put(block, each, Math.max(x, CELL.width / 2) + each.left)
    x = Math.max(x, CELL.width / 2) + each.left + each.right
  }
  const beyond = out.filter((edge) => !isSide(edge.target))
  for (const joins of rowsOf(
    own.filter((other) => !isSide(other)),
    forward,
  )) {
    const below = joins.map((join) => blockOf(join, block.end, drawing))
    let begin = below.length === 1 ? 0 : -below.reduce((sum, each) => sum + each.left + each.right, 0) / 2
    for (const each of below) {
      put(block, each, below.length === 1 ? 0 : begin + each.left)
      begin += each.left + each.right
    }
  }
  // With nothing right below, the edge goes straight down.
  for (const edge of usual.length > 0 ? beyond : []) {
    block.right += LANE
    block.lanes.push({ edge: edge.number, x: block.right - LANE / 2 })
  }
  return block
}

/** Joins in rows: side by side where no way leads from one to another, so that no edge to one runs through another. */
function rowsOf(joins: readonly string[], edges: readonly Edge[]): string[][] {
  const rows: Array<{ ids: string[]; below: Set<string> }> = []
  for (const join of joins) {
    const row = rows.at(-1)
    const below = reachableFrom(edges, join)
    if (row && !row.below.has(join)) {
      row.ids.push(join)
      for (const id of below) row.below.add(id)
    } else rows.push({ ids: [join], below: new Set(below) })
  }
  return rows.map(({ ids }) => ids)
}

function put(block: Block, inner: Block, x: number): void {
  block.left = Math.max(block.left, inner.left - x)
  block.right = Math.max(block.right, inner.right + x)
  block.end = Math.max(block.end, inner.end)
  for (const place of inner.places) block.places.push({ ...place, x: place.x + x })
  for (const lane of inner.lanes) block.lanes.push({ ...lane, x: lane.x + x })
}
