import { describe, expect, it } from 'vitest'
import { inventedEvent, isMeant, knownFields, meantTypes, patternsOf } from './events'

const seen = (path: string, share: number, examples: string[] = []) => ({
  path,
  types: ['text'],
  share,
  examples,
})

describe('events', () => {
  it('are meant by their name or by a pattern', () => {
    expect(isMeant('case.created', 'case.created')).toBe(true)
    expect(isMeant('case.*', 'case.task.created')).toBe(true)
    expect(isMeant('case.*', 'case.')).toBe(false)
    expect(isMeant('case.*', 'cases.created')).toBe(false)
    expect(isMeant('*', 'ping')).toBe(true)
    expect(patternsOf(['case.created', 'case.closed', 'lead.created', 'ping'])).toEqual(['case.*'])
  })

  it('of several types have the fields of all of them, the most present first', () => {
    const types = [
      { type: 'case.created', sampled: 30, fields: [seen('priority', 1, ['high']), seen('due', 0.1)] },
      { type: 'case.closed', sampled: 10, fields: [seen('priority', 0.2, ['low']), seen('reason', 1)] },
    ]
    const document = { name: '', actions: [], trigger: { event: ['case.*'] } }
    const fields = knownFields(meantTypes(document, types))
    expect(fields.map(({ path, share }) => [path, share])).toEqual([
      ['priority', 0.8],
      ['reason', 0.25],
      ['due', 0.075],
    ])
    expect(fields[0]?.examples).toEqual(['high', 'low'])
  })

  it('can be made up so that plain conditions hold', () => {
    const conditions = {
      priority: 'critical',
      region: ['EMEA', 'APAC'],
      amount: { gte: 5 },
      owner: { exists: true },
    }
    const document = { name: '', actions: [], trigger: { event: 'lead.*', conditions } }
    const fields = [{ path: 'subject', type: 'text' as const, examples: ['Cannot sign in'], share: 1 }]
    expect(inventedEvent(document, fields)).toEqual({
      type: 'lead.created',
      id: 'test-1',
      record: { id: 'C-1042', subject: 'Cannot sign in', priority: 'critical', region: 'EMEA', amount: 5 },
    })
  })
})
