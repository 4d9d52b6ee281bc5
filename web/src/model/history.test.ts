import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { documents, draws, operationOf } from './arbitraries'
import { edgesOf, isReachable } from './edges'
import { beginHistory, type History, perform, redo, undo } from './history'

const fifty = fc.array(draws, { minLength: 50, maxLength: 50 })

/** Performs each operation a minute after the one before it, so that no two are joined. */
function performAll(history: History, drawn: Parameters<typeof operationOf>[1][]): History {
  return drawn.reduce((standing, draw, index) => {
    const result = perform(standing, operationOf(standing.present, draw), index * 60_000)
    return result.refused === undefined ? result.history : standing
  }, history)
}

function repeat(history: History, step: (history: History) => History, times: number): History {
  return Array.from({ length: times }).reduce<History>((standing) => step(standing), history)
}

describe('the history of the builder', () => {
  it('returns to the start when fifty random operations are undone, and to the end when they are done again', () => {
    fc.assert(
      fc.property(documents, fifty, (document, drawn) => {
        const start = JSON.stringify(document)
        const edited = performAll(beginHistory(document), drawn)
        const end = JSON.stringify(edited.present)
        const undone = repeat(edited, undo, edited.past.length)
        expect(JSON.stringify(undone.present)).toBe(start)
        expect(undone.past).toHaveLength(0)
        expect(JSON.stringify(repeat(undone, redo, undone.future.length).present)).toBe(end)
      }),
    )
  })

  it('never holds a document with a cycle or with an edge to nothing', () => {
    fc.assert(
      fc.property(documents, fifty, (document, drawn) => {
        const { present } = performAll(beginHistory(document), drawn)
        const edges = edgesOf(present)
        for (const edge of edges) expect(isReachable(edges, edge.target, edge.source)).toBe(false)
        expect(new Set(present.actions.map((action) => action.id)).size).toBe(present.actions.length)
      }),
    )
  })

  it('joins what is typed into one field, and forgets what was undone when something new is done', () => {
    const start = beginHistory({ name: '', actions: [] })
    const typed = ['C', 'Ca', 'Cas'].reduce((history, name, index) => {
      const result = perform(history, { kind: 'rename', name }, index * 200)
      return result.refused === undefined ? result.history : history
    }, start)
    expect(typed.past).toHaveLength(1)
    const undone = undo(typed)
    expect(undone.present.name).toBe('')
    const other = perform(undone, { kind: 'rename', name: 'X' }, 10_000)
    expect(other.refused === undefined && other.history.future).toEqual([])
  })
})
