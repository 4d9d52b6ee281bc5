import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { documents } from './arbitraries'
import { type AutomationDocument, openDocument, sameValue, TRIGGER } from './document'
import { edgesOf, unreachableOf } from './edges'
import { applyOperation, type Operation } from './operations'

const sequence = (...ids: string[]): AutomationDocument => ({
  name: 'A',
  trigger: { event: 'case.created' },
  actions: ids.map((id) => ({ id, type: 'send_email', params: {} })),
})

function edited(document: AutomationDocument, ...operations: Operation[]): AutomationDocument {
  return operations.reduce((standing, operation) => {
    const applied = applyOperation(standing, operation)
    if (applied.refused !== undefined) throw new Error(applied.refused)
    return applied.document
  }, document)
}

const ids = (document: AutomationDocument) => document.actions.map((action) => action.id).join(' ')
const drawn = (document: AutomationDocument) =>
  edgesOf(document).map((edge) => `${edge.source === TRIGGER ? '*' : edge.source}>${edge.target}`)

describe('a document', () => {
  it('opened from the API and saved back is unchanged in meaning', () => {
    fc.assert(
      fc.property(documents, (document) => {
        const answered = { ...document, id: 'x', version: 3, status: 'active', created_at: 'then' }
        const saved = JSON.parse(JSON.stringify(openDocument(JSON.parse(JSON.stringify(answered)))))
        expect(sameValue(saved, document)).toBe(true)
      }),
    )
  })

  it('keeps what the builder does not know when something else is edited', () => {
    fc.assert(
      fc.property(documents, (document) => {
        const changed = edited(document, { kind: 'rename', name: 'new' })
        expect(changed['x-extra']).toEqual(document['x-extra'])
        expect(changed.actions).toEqual(document.actions)
      }),
    )
  })

  it('gives ids to actions without one, as the server does', () => {
    const opened = openDocument({ name: 'A', actions: [{ type: 'send_email' }, { type: 'send_email' }] })
    expect(ids(opened)).toBe('send_email send_email_2')
  })
})

describe('an operation', () => {
  it('inserts an action between two others and leads through it', () => {
    const action = { id: 'x', type: 'create_task', params: {} }
    expect(ids(edited(sequence('a', 'b'), { kind: 'addAction', action, after: 'a' }))).toBe('a x b')
    expect(ids(edited(sequence('a', 'b'), { kind: 'addAction', action, after: TRIGGER }))).toBe('x a b')
    expect(ids(edited(sequence(), { kind: 'addAction', action, after: TRIGGER }))).toBe('x')
  })

  it('adds an action beside the run when it follows nothing, and says that nothing leads to it', () => {
    const action = { id: 'x', type: 'create_task', params: {} }
    const document = edited(sequence('a', 'b'), { kind: 'addAction', action, after: null })
    expect(drawn(document)).toEqual(['*>a', 'a>b'])
    expect(unreachableOf(document).map(({ id }) => id)).toEqual(['x'])
  })

  it('closes the gap when an action is removed, the first one too', () => {
    expect(drawn(edited(sequence('a', 'b', 'c'), { kind: 'removeAction', id: 'b' }))).toEqual(['*>a', 'a>c'])
    expect(drawn(edited(sequence('a', 'b', 'c'), { kind: 'removeAction', id: 'a' }))).toEqual(['*>b', 'b>c'])
  })

  it('cuts an edge and draws it again, which is the same document as before', () => {
    const cut = edited(sequence('a', 'b', 'c'), { kind: 'disconnect', source: 'a', target: 'b' })
    expect(drawn(cut)).toEqual(['*>a', 'b>c'])
    expect(edited(cut, { kind: 'connect', source: 'a', target: 'b' })).toEqual(sequence('a', 'b', 'c'))
  })

  it('puts the list in the order of the edges', () => {
    const document = edited(
      sequence('a', 'b', 'c'),
      { kind: 'disconnect', source: 'b', target: 'c' },
      { kind: 'connect', source: TRIGGER, target: 'c' },
      { kind: 'connect', source: 'c', target: 'a' },
    )
    expect(ids(document)).toBe('c a b')
    expect(document.actions.every((action) => !('next' in action))).toBe(true)
  })

  it('moves an action behind another one, and to the front', () => {
    expect(ids(edited(sequence('a', 'b', 'c'), { kind: 'moveAction', id: 'a', after: 'b' }))).toBe('b a c')
    expect(ids(edited(sequence('a', 'b', 'c'), { kind: 'moveAction', id: 'c', after: TRIGGER }))).toBe(
      'c a b',
    )
  })

  it('refuses an edge that would make a cycle, and says why', () => {
    const applied = applyOperation(sequence('a', 'b', 'c'), { kind: 'connect', source: 'c', target: 'a' })
    expect(applied.refused).toContain('never end')
    expect(applyOperation(sequence('a'), { kind: 'connect', source: 'a', target: 'a' }).refused).toBeDefined()
  })

  it('refuses to leave the trigger without an action', () => {
    expect(
      applyOperation(sequence('a'), { kind: 'disconnect', source: TRIGGER, target: 'a' }).refused,
    ).toBeDefined()
  })

  it('keeps the branches of a document that has them', () => {
    const document = sequence('a', 'b', 'c')
    const branch = {
      id: 'way',
      type: 'branch',
      params: {},
      branches: [{ when: {}, next: 'b' }],
      otherwise: 'c',
    }
    const branched = { ...document, actions: [branch, ...document.actions.slice(1)] }
    const changed = edited(branched, { kind: 'disconnect', source: 'b', target: 'c' })
    expect(drawn(changed)).toEqual(['*>way', 'way>b', 'way>c'])
    expect(changed.actions.map((action) => action.next)).toEqual([undefined, null, null])
  })

  const branched = (): AutomationDocument => ({
    name: 'A',
    actions: [
      { id: 'way', type: 'branch', params: {}, branches: [{ when: {}, next: 'a' }], otherwise: 'b' },
      { id: 'a', type: 'send_email', params: {}, next: 'c' },
      { id: 'b', type: 'send_email', params: {}, next: 'c' },
      { id: 'c', type: 'send_email', params: {} },
    ],
  })

  it('heals the edges around an action that goes away', () => {
    expect(drawn(edited(branched(), { kind: 'removeAction', id: 'a' }))).toEqual([
      '*>way',
      'way>c',
      'way>b',
      'b>c',
    ])
    expect(drawn(edited(branched(), { kind: 'removeAction', id: 'way' }))).toEqual(['*>b', 'b>c', 'a>c'])
  })

  it('inserts on one edge of several', () => {
    const action = { id: 'x', type: 'create_task', params: {} }
    const operation: Operation = { kind: 'addAction', action, after: 'way', port: 'otherwise', before: 'b' }
    expect(drawn(edited(branched(), operation))).toEqual(['*>way', 'way>a', 'way>x', 'x>b', 'a>c', 'b>c'])
  })

  it('lets paths begin side by side, and a way of a branch lead to one action alone', () => {
    expect(drawn(edited(sequence('a', 'b', 'c'), { kind: 'connect', source: 'a', target: 'c' }))).toEqual([
      '*>a',
      'a>b',
      'a>c',
      'b>c',
    ])
    const moved = edited(branched(), { kind: 'connect', source: 'way', target: 'c', port: 'branch:0' })
    expect(drawn(moved)).toEqual(['*>way', 'way>c', 'way>b', 'a>c', 'b>c'])
  })

  it('leads a failure away and back to what is usual', () => {
    const led = edited(sequence('a', 'b', 'c'), { kind: 'connect', source: 'a', target: 'c', port: 'error' })
    expect(led.actions.map((action) => action.next)).toEqual(['b', 'c', null])
    expect(led.actions[0]?.on_error).toEqual({ next: 'c' })
    expect(edited(led, { kind: 'disconnect', source: 'a', target: 'c', port: 'error' })).toEqual(
      sequence('a', 'b', 'c'),
    )
  })

  it('keeps what follows a stop connected while it has conditions', () => {
    const stop = { id: 'stop', type: 'stop', params: {} }
    const added = edited(sequence('a', 'b'), { kind: 'addAction', action: stop, after: 'a' })
    expect(drawn(added)).toEqual(['*>a', 'a>stop', 'stop>b'])
    const cleared = edited(added, { kind: 'setField', id: 'stop', name: 'when', value: undefined })
    expect(drawn(cleared)).toEqual(drawn(added))
  })

  it('refuses ways out that an action has not, and edges across the border of a loop', () => {
    const loop = { id: 'each', type: 'for_each', params: {}, actions: sequence('in', 'side').actions }
    const document = { ...sequence('a', 'b'), actions: [...sequence('a', 'b').actions, loop] }
    const refused = (operation: Operation) => applyOperation(document, operation).refused
    expect(refused({ kind: 'connect', source: 'a', target: 'b', port: 'timeout' })).toBeDefined()
    expect(refused({ kind: 'connect', source: 'a', target: 'in' })).toContain('loop')
    expect(refused({ kind: 'connect', source: 'in', target: 'a' })).toContain('loop')
    const moved = edited(document, { kind: 'moveAction', id: 'in', after: 'side' })
    expect(moved.actions[2]?.actions).toEqual(sequence('side', 'in').actions)
  })
})
