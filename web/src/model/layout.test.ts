import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Action, type AutomationDocument, TRIGGER } from './document'
import { edgesOf, unreachableOf } from './edges'
import { graphs } from './graphArbitraries'
import { CELL, positionsOf, rowHeightOf, tidyLayout } from './layout'

const made = (...actions: Array<Partial<Action> & { id: string }>): AutomationDocument => ({
  name: 'A',
  actions: actions.map((action) => ({ type: 'send_email', params: {}, ...action })),
})
const columns = (document: AutomationDocument) =>
  Object.fromEntries(Object.entries(positionsOf(document)).map(([id, { x }]) => [id, x / CELL.width]))

describe('the layout', () => {
  it('lets no two actions overlap, and every edge lead downwards', () => {
    fc.assert(
      fc.property(graphs, (document) => {
        const { positions, lanes } = tidyLayout(document)
        const all = Object.entries(positions)
        expect(all).toHaveLength(document.actions.length + 1)
        for (const [id, one] of all) {
          for (const [otherId, other] of all) {
            if (id >= otherId || Math.abs(one.y - other.y) >= CELL.height) continue
            expect(Math.abs(one.x - other.x)).toBeGreaterThanOrEqual(CELL.width)
          }
        }
        const cutOff = new Set(unreachableOf(document).map((action) => action.id))
        edgesOf(document).forEach((edge, number) => {
          if (cutOff.has(edge.source) !== cutOff.has(edge.target)) return
          const [source, target] = [positions[edge.source], positions[edge.target]]
          expect(source?.y).toBeLessThan(target?.y ?? 0)
          if (lanes.has(number)) expect((target?.y ?? 0) - (source?.y ?? 0)).toBeGreaterThan(CELL.height)
        })
      }),
    )
  })

  it('puts paths side by side and their join below, in the middle', () => {
    const branches = [{ when: {}, next: 'left' }]
    const branch = { id: 'way', type: 'branch', branches, otherwise: 'right' }
    const document = made(branch, { id: 'left', next: 'join' }, { id: 'right', next: 'join' }, { id: 'join' })
    expect(columns(document)).toEqual({ [TRIGGER]: 0, way: 0, left: -0.5, right: 0.5, join: 0 })
    expect(positionsOf(document).join?.y).toBe(3 * rowHeightOf(document, false))
  })

  it('puts joins side by side where none leads to another, and below each other where one does', () => {
    const branch = { id: 'way', type: 'branch', branches: [{ when: {}, next: 'left' }], otherwise: 'right' }
    const paths = ['left', 'right'].map((id) => ({ id, next: ['one', 'two'] }))
    const apart = made(branch, ...paths, { id: 'one', next: null }, { id: 'two', next: null })
    expect(columns(apart)).toMatchObject({ way: 0, one: -0.5, two: 0.5 })
    const together = made(branch, ...paths, { id: 'one', next: 'two' }, { id: 'two', next: null })
    expect(columns(together)).toMatchObject({ way: 0, one: 0, two: 0 })
    const { one, two } = positionsOf(together)
    expect(one?.y).toBeLessThan(two?.y ?? 0)
  })

  it('keeps the usual path straight, and what a failure leads to beside it', () => {
    const document = made(
      { id: 'call', on_error: { next: 'mend' }, next: 'keep' },
      { id: 'keep', next: null },
      { id: 'mend', next: 'keep' },
    )
    expect(columns(document)).toEqual({ [TRIGGER]: 0, call: 0, keep: 0, mend: 1 })
  })

  it('leads an edge past a path in a lane beside it', () => {
    const branch = { id: 'way', type: 'branch', branches: [{ when: {}, next: 'more' }], otherwise: 'join' }
    const document = made(branch, { id: 'more', next: 'join' }, { id: 'join' })
    const { lanes } = tidyLayout(document)
    const [number] = [...lanes.keys()]
    expect(edgesOf(document)[number ?? -1]).toMatchObject({
      source: 'way',
      target: 'join',
      kind: 'otherwise',
    })
  })

  it('keeps an arrangement made by hand, and puts a new action below what leads to it', () => {
    const positions = { [TRIGGER]: { x: 5, y: 5 }, one: { x: 500, y: 300 } }
    const document = { ...made({ id: 'one' }, { id: 'two' }), layout: { positions } }
    expect(positionsOf(document)).toEqual({ ...positions, two: { x: 500, y: 300 + CELL.height } })
  })
})
