import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  choiceIdOf,
  choicesFor,
  durationSpoken,
  fieldType,
  OPERATORS,
  readTyped,
  readTypedValue,
  showTyped,
  typedText,
} from './operators'

const scalars = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null))

describe('operators', () => {
  it('are offered by the type of the field, and never without the one that stands there', () => {
    expect(choicesFor('date', 'gt', '').find(({ operator }) => operator === 'gt')?.words).toBe('is after')
    expect(choicesFor('boolean', 'eq', true).map(({ words }) => words)).toContain('is true')
    expect(choicesFor('number', 'eq', 1).map(({ operator }) => operator)).not.toContain('starts_with')
    expect(choicesFor('number', 'starts_with', 'a').map(({ operator }) => operator)).toContain('starts_with')
    for (const operator of OPERATORS) {
      const words = choicesFor('unknown', operator, 'a').map((choice) => choice.id)
      expect(words).toContain(choiceIdOf('unknown', operator, 'a'))
    }
    expect(choiceIdOf('text', 'eq', null)).toBe('exists:false')
  })

  it('know the type of a field by what was seen of it', () => {
    expect(fieldType(['text'], ['critical'])).toBe('text')
    expect(fieldType(['text'], ['2026-01-01', '2026-01-02T10:00:00Z'])).toBe('date')
    expect(fieldType(['number', 'none'], [5])).toBe('number')
    expect(fieldType(['number', 'text'], [5, 'x'])).toBe('unknown')
    expect(fieldType()).toBe('unknown')
  })

  it('show a value so that reading it back gives the value', () => {
    fc.assert(
      fc.property(scalars, (value) => {
        expect(readTypedValue(typedText(value))).toEqual(value)
        if (typeof value === 'string') expect(readTyped(showTyped(value, 'text'), 'text')).toBe(value)
      }),
    )
    expect(readTypedValue('10')).toBe(10)
    expect(readTypedValue('"10"')).toBe('10')
    expect(typedText('10')).toBe('"10"')
    expect(readTyped('10', 'text')).toBe('10')
  })

  it('say durations', () => {
    expect(durationSpoken('1d')).toBe('1 day')
    expect(durationSpoken('P1DT2H')).toBe('P1DT2H')
  })
})
