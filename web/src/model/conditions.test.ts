import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isEditableInRows, readConditions, readTypedValue, typedText, writeConditions } from './conditions'
import type { Json } from './document'

const scalars = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null))
const fields = fc.constantFrom('priority', 'amount', 'owner.email', 'record.all')

describe('conditions', () => {
  it('written from their rows are the mapping that was read', () => {
    fc.assert(
      fc.property(fc.dictionary(fields, scalars), (mapping) => {
        expect(writeConditions(readConditions(mapping))).toEqual(mapping)
      }),
    )
  })

  it('keep operators, lists and groups that the rows do not edit', () => {
    const raw = {
      region: ['EMEA', 'APAC'],
      amount: { gte: 10000, lt: 50000 },
      any: [{ source: 'web' }, { source: { exists: false } }],
      not: { 'account.type': 'partner' },
      odd: { inner: 1 },
    }
    expect(writeConditions(readConditions(raw))).toEqual(raw)
    expect(isEditableInRows(readConditions(raw))).toBe(false)
    expect(isEditableInRows(readConditions({ priority: 'critical' }))).toBe(true)
  })

  it('that name one field twice with equality become a list of all', () => {
    const row = (value: Json) => ({ kind: 'row' as const, field: 'a', operator: 'eq', value })
    expect(writeConditions({ kind: 'all', parts: [row(1), row(2)] })).toEqual({ a: 1, all: [{ a: 2 }] })
  })

  it('show a value so that reading it back gives the value', () => {
    fc.assert(
      fc.property(scalars, (value) => {
        expect(readTypedValue(typedText(value))).toEqual(value)
      }),
    )
    expect(readTypedValue('10')).toBe(10)
    expect(readTypedValue('"10"')).toBe('10')
    expect(typedText('10')).toBe('"10"')
  })
})
