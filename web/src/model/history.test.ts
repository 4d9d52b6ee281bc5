import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { documents, draws, operationOf } from './arbitraries'
import { allActions, innerActions, listAround } from './document'
import { isCyclic } from './edges'
import { graphs } from './graphArbitraries'
import { beginHistory, type History, perform, redo, undo } from './history'

const starts = fc.oneof(documents, graphs)
// As many as a busy machine performs within the time that a test has.
const runs = { numRuns: 50 }
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

/** The ids that a list's actions name as what follows. */
function namesIn(actions: ReturnType<typeof allActions>): string[] {
  return actions.flatMap((action) => {
    const outcomes = [action.on_error, action.on_timeout].map(
      (outcome) => (outcome as { next?: unknown })?.next,
    )
    const entries = ((action.branches ?? []) as { next: unknown }[]).map((entry) => entry.next)
    return [action.next, action.otherwise, ...entries, ...outcomes]
      .flat()
      .filter((id) => typeof id === 'string')
  })
}

describe('the history of the builder', () => {
  it('returns to the start when fifty random operations are undone, and to the end when they are done again', () => {
    fc.assert(
      fc.property(starts, fifty, (document, drawn) => {
        const start = JSON.stringify(document)
        const edited = performAll(beginHistory(document), drawn)
        const end = JSON.stringify(edited.present)
        const undone = repeat(edited, undo, edited.past.length)
        expect(JSON.stringify(undone.present)).toBe(start)
        expect(undone.past).toHaveLength(0)
        expect(JSON.stringify(repeat(undone, redo, undone.future.length).present)).toBe(end)
      }),
      runs,
    )
  })

  it('never holds a document with a cycle or with an edge to nothing', () => {
    fc.assert(
      fc.property(starts, fifty, (document, drawn) => {
        const { present } = performAll(beginHistory(document), drawn)
        const all = allActions(present.actions)
        expect(new Set(all.map((action) => action.id)).size).toBe(all.length)
        for (const list of [present, ...all.map((action) => ({ actions: innerActions(action) }))]) {
          expect(isCyclic(list)).toBe(false)
          expect(
            namesIn(list.actions).filter((id) => !list.actions.some((action) => action.id === id)),
          ).toEqual([])
        }
      }),
      runs,
    )
  })

  it('leaves lists that no operation touched as they were', () => {
    fc.assert(
      fc.property(graphs, draws, (document, draw) => {
        const operation = operationOf(document, draw)
        const result = perform(beginHistory(document), operation, 0)
        if (result.refused !== undefined) return
        const subject = 'id' in operation ? operation.id : null
        if (subject === null || operation.kind === 'removeAction') return
        const touched = listAround(document, subject).actions.map((action) => action.id)
        for (const action of document.actions) {
          if (touched.includes(action.id) || allActions([action]).some((inner) => inner.id === subject))
            continue
          expect(result.history.present.actions).toContainEqual(action)
        }
      }),
      runs,
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
