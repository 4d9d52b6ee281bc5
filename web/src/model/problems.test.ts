import { describe, expect, it } from 'vitest'
import { type AutomationDocument, type Json, TRIGGER } from './document'
import { pointerTo } from './pointers'
import { chainWords, findProblems, mergeProblems, placeOf, problemsIn } from './problems'

const document: AutomationDocument = {
  name: 'A',
  trigger: { event: 'case.created' },
  actions: [{ id: 'mail', type: 'send_email', params: { to: 'a@example.com' } }],
}
const catalogue = new Map([['send_email', { title: 'Send email', required: ['to', 'subject'] }]])

describe('problems', () => {
  it('are found where something is missing', () => {
    expect(findProblems(document, catalogue).map((problem) => problem.pointer)).toEqual([
      '/actions/0/params/subject',
    ])
    const empty = findProblems({ name: '', actions: [] }, catalogue)
    expect(empty.map((problem) => problem.pointer)).toEqual(['/name', '/trigger/event', '/actions'])
  })

  it('are found where a condition lacks its value', () => {
    const conditions: Json = { amount: { gte: '' }, any: [{ region: [] }, { priority: '' }] }
    const trigger = { event: ['case.created', 'case.*'], conditions }
    expect(findProblems({ ...document, trigger }, new Map()).map((problem) => problem.pointer)).toEqual([
      '/trigger/conditions/amount/gte',
      '/trigger/conditions/any/0/region',
    ])
  })

  it('belong to a node and a field', () => {
    expect(placeOf(document, '/actions/0/params/subject')).toEqual({ node: 'mail', field: 'subject' })
    expect(placeOf(document, '/trigger/conditions/priority')).toEqual({ node: TRIGGER, field: 'conditions' })
    expect(placeOf(document, '/actions/7')).toEqual({ node: null, field: null })
    expect(pointerTo('a/b', 1)).toBe('/a~1b/1')
  })

  it('inside of a loop belong to the action there', () => {
    const inner = { id: 'tell', type: 'send_email', params: {} }
    const loop = { id: 'each', type: 'for_each', params: {}, items: '', actions: [inner] }
    const known = new Map([...catalogue, ['for_each', { title: 'For each', required: [] }]])
    const found = findProblems({ ...document, actions: [loop] }, known)
    expect(found.map((problem) => problem.pointer)).toEqual([
      '/actions/0/items',
      '/actions/0/actions/0/params/to',
      '/actions/0/actions/0/params/subject',
    ])
    expect(placeOf({ ...document, actions: [loop] }, '/actions/0/actions/0/params/to')).toEqual({
      node: 'tell',
      field: 'to',
    })
  })

  it('of the server are read from a refusal, and not said twice', () => {
    const servers = problemsIn({
      errors: [{ pointer: '/name', message: 'A name is needed.', code: 'missing' }],
    })
    expect(servers).toEqual([
      { pointer: '/name', message: 'A name is needed.', code: 'missing', severity: 'error' },
    ])
    expect(mergeProblems(servers, servers)).toHaveLength(1)
    expect(mergeProblems([], [...servers, ...servers])).toHaveLength(1)
    const link = (name: string) => ({ automation_id: null, name, says: 'writes status' })
    const [loop] = problemsIn(
      { warnings: [{ message: 'x', chain: [link('A'), link('')] }] },
      'warning',
      'warnings',
    )
    expect(chainWords(loop?.chain)).toBe('A writes status → This automation writes status')
    expect(chainWords([link('A')])).toBe('')
    expect(problemsIn('gone')).toEqual([])
  })
})
