/**
 * Where the nodes stand: as the person arranged them, and otherwise top to bottom in the order of the run.
 * Chains that are cut off from the trigger stand in columns of their own to the right.
 */
import { type AutomationDocument, type Position, TRIGGER } from './document'
import { type Edge, edgesOf } from './edges'

export const NODE_WIDTH = 240

/** The room that a node takes with the space around it. */
export const CELL = { width: 300, height: 140 }

/** The position of every node by its id, the trigger's too. */
export function positionsOf(document: AutomationDocument, rowHeight = CELL.height): Record<string, Position> {
  const tidy = tidyPositions(document, rowHeight)
  const arranged = document.layout?.positions ?? {}
  const positions: Record<string, Position> = {}
  for (const [id, position] of Object.entries(tidy)) positions[id] = arranged[id] ?? position
  if (Object.keys(arranged).length === 0) return positions
  for (const edge of edgesOf(document)) {
    const above = positions[edge.source]
    if (!arranged[edge.target] && above) {
      positions[edge.target] = { x: above.x, y: above.y + rowHeight }
    }
  }
  return positions
}

/** The arrangement that nobody made: a row per step from the trigger, a column per path. */
function tidyPositions(document: AutomationDocument, rowHeight: number): Record<string, Position> {
  const edges = edgesOf(document)
  const rows = rowsOf(document, edges)
  const columns = columnsOf(document, edges)
  const positions: Record<string, Position> = { [TRIGGER]: { x: 0, y: 0 } }
  for (const action of document.actions) {
    positions[action.id] = {
      x: (columns.get(action.id) ?? 0) * CELL.width,
      y: (rows.get(action.id) ?? 0) * rowHeight,
    }
  }
  return positions
}

/** The longest way to each action, in edges; what nothing leads to begins in the first row. */
function rowsOf(document: AutomationDocument, edges: readonly Edge[]): Map<string, number> {
  const rows = new Map<string, number>(document.actions.map((action) => [action.id, 1]))
  rows.set(TRIGGER, 0)
  for (let turn = 0; turn < document.actions.length; turn += 1) {
    let hasMoved = false
    for (const edge of edges) {
      const row = (rows.get(edge.source) ?? 0) + 1
      if (row > (rows.get(edge.target) ?? 0)) {
        rows.set(edge.target, row)
        hasMoved = true
      }
    }
    if (!hasMoved) break
  }
  return rows
}

/** A column for the trigger's chain, and one more for every second way out and every head that nothing leads to. */
function columnsOf(document: AutomationDocument, edges: readonly Edge[]): Map<string, number> {
  const columns = new Map<string, number>()
  let used = 0
  const follow = (start: string, column: number) => {
    const waiting: Array<[string, number]> = [[start, column]]
    while (waiting.length > 0) {
      const [id, place] = waiting.pop() as [string, number]
      if (columns.has(id)) continue
      columns.set(id, place)
      const ways = edges.filter((edge) => edge.source === id)
      ways.forEach((edge, index) => {
        if (index > 0) used += 1
        waiting.push([edge.target, index === 0 ? place : used])
      })
    }
  }
  follow(TRIGGER, 0)
  for (const action of document.actions) {
    if (columns.has(action.id) || edges.some((edge) => edge.target === action.id)) continue
    used += 1
    follow(action.id, used)
  }
  return columns
}
