import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { conditions } from './arbitraries'
import {
  addPart,
  changeGroup,
  changePart,
  chooseOperator,
  movePart,
  newRow,
  removePart,
} from './conditionEdits'
import {
  allParts,
  type Group,
  isGroup,
  type Part,
  placeProblems,
  type Row,
  readConditions,
  readTree,
  writeConditions,
  writeTree,
} from './conditions'
import { isObject, type Json, type JsonObject } from './document'
import { segmentsOf } from './pointers'

const tops = fc.option(conditions, { nil: undefined })
const documentOf = (trigger: Json, top?: Json) => ({
  trigger: { event: 'a.b', conditions: trigger },
  conditions: top,
})

/** The part with no memory of how it was spelled; an empty group, such as `not: {}`, has no rows to be written from. */
function forgetful<P extends Part>(part: P): P {
  if (!isGroup(part) || part.parts.length === 0) return part
  const { written: _, ...rest } = part
  return { ...rest, parts: part.parts.map(forgetful) } as P
}

const spelled = (part: Part): string => (isGroup(part) ? JSON.stringify(part.written?.raw) : '')

/** What conditions mean for a record, in few words: enough for the operators that are drawn. */
function holds(raw: Json, record: JsonObject): boolean {
  if (raw === null) return true
  if (Array.isArray(raw)) return raw.every((group) => holds(group, record))
  return Object.entries(raw).every(([name, value]) => {
    if (name === 'all') return (value as Json[]).every((group) => holds(group, record))
    if (name === 'any') return (value as Json[]).some((group) => holds(group, record))
    if (name === 'not') return !holds(value, record)
    const actual = Object.hasOwn(record, name) ? (record[name] as Json) : null
    if (Array.isArray(value)) return value.includes(actual)
    if (!isObject(value)) return actual === value
    const { ignore_case: option = false, ...operands } = value
    return Object.entries(operands).every(([operator, operand]) => {
      const differs = option === true ? actual === 'critical' : false
      switch (operator) {
        case 'eq':
          return actual === operand || differs
        case 'ne':
          return actual !== operand && !differs
        case 'gte':
          return typeof actual === 'number' && actual >= Number(operand)
        case 'lt':
          return typeof actual === 'number' && actual < Number(operand)
        case 'in':
          return (operand as Json[]).includes(actual) || differs
        case 'exists':
          return (actual !== null) === operand
        default:
          return String(actual).length % 2 === String(operand).length % 2
      }
    })
  })
}

const records = fc.dictionary(
  fc.constantFrom('priority', 'amount', 'owner.email', 'record.all', 'tags'),
  fc.oneof(fc.constantFrom('critical', '', 'a b', null), fc.integer({ min: -3, max: 3 }), fc.boolean()),
) as fc.Arbitrary<JsonObject>

/** The value that a pointer leads to; fails where it leads nowhere. */
function valueAt(document: unknown, pointer: string): unknown {
  return segmentsOf(pointer).reduce((value: unknown, segment) => {
    if (!isObject(value) && !Array.isArray(value)) throw new Error(`${pointer} leads nowhere`)
    if (!Object.hasOwn(value, segment)) throw new Error(`${pointer} leads nowhere`)
    return (value as Record<string, unknown>)[segment]
  }, document)
}

describe('conditions', () => {
  it('that nobody touched are written as they were read', () => {
    fc.assert(
      fc.property(conditions, tops, (raw, top) => {
        const written = writeTree(readTree(documentOf(raw, top)))
        expect(written.conditions).toEqual(raw)
        expect(written.top).toEqual(top)
      }),
    )
  })

  it('keep their spelling beside what was touched', () => {
    fc.assert(
      fc.property(conditions, tops, (raw, top) => {
        const tree = readTree(documentOf(raw, top))
        const added = addPart(tree, null, { ...newRow('new'), field: 'brand', value: 'new' })
        expect(writeTree(added).top).toEqual(top)
        expect(writeTree(removePart(added, 'new')).conditions).toEqual(raw)
        const touched = writeTree(added)
        const kept = allParts(readTree(documentOf(touched.conditions ?? null, top)).parts).map(spelled)
        for (const part of tree.parts) if (part.kind === 'any') expect(kept).toContain(spelled(part))
      }),
    )
  })

  it('written anew from their rows mean the same', () => {
    fc.assert(
      fc.property(conditions, records, (raw, record) => {
        const written = writeConditions(forgetful(readConditions(raw))) ?? null
        expect(holds(written, record)).toBe(holds(raw, record))
        expect(writeConditions(readConditions(written))).toEqual(written === null ? undefined : written)
      }),
      { numRuns: 500 },
    )
  })

  it('lead each row to its place in the document', () => {
    fc.assert(
      fc.property(conditions, tops, fc.boolean(), (raw, top, isForgotten) => {
        const read = readTree(documentOf(raw, top))
        const tree = isForgotten
          ? {
              parts: read.parts.map(forgetful),
              trigger: { ...read.trigger, parts: [] },
              top: { ...read.top, parts: [] },
            }
          : read
        const { conditions, top: written, pointers } = writeTree(tree)
        const document = { trigger: { conditions }, conditions: written }
        for (const part of allParts(tree.parts)) {
          if (part.kind === 'row') {
            expect(valueAt(document, pointers.get(part.key) ?? 'nowhere')).toEqual(part.value)
          }
        }
      }),
    )
  })

  it('survive what no row can show', () => {
    for (const raw of [
      { odd: { inner: 1 } },
      { amount: { about: 5 } },
      { any: 'x' },
      5,
      [1, { a: 1 }],
    ] as Json[]) {
      const tree = readTree(documentOf(raw))
      expect(writeTree(tree).conditions).toEqual(raw)
      const added = writeTree(
        addPart(tree, null, { ...newRow('new'), field: 'brand', value: 'x' }),
      ).conditions
      expect(JSON.stringify(added)).toContain(
        JSON.stringify(Array.isArray(raw) ? raw[0] : raw).replace(/^\{|\}$/g, ''),
      )
    }
  })

  it('are not written while a row has no field', () => {
    const tree = addPart(readTree({}), null, newRow('a'))
    expect(writeTree(tree).conditions).toBeUndefined()
    const group: Group = { kind: 'any', key: 'g', parts: [newRow('b')] }
    expect(writeTree(addPart(tree, null, group)).conditions).toBeUndefined()
  })

  it('tell a field from a group of its name', () => {
    const tree = addPart(readTree({}), null, { ...newRow('a'), field: 'any', value: 1 })
    expect(writeTree(tree).conditions).toEqual({ 'record.any': 1 })
  })

  it('of one field stand together, or else in a list of all', () => {
    const row = (key: string, operator: string, value: Json): Row => ({
      ...newRow(key),
      field: 'a',
      operator,
      value,
    })
    const tree = [row('1', 'gte', 1), row('2', 'lt', 5), row('3', 'lt', 9)].reduce(
      (standing, part) => addPart(standing, null, part),
      readTree({}),
    )
    const written = writeTree(tree)
    expect(written.conditions).toEqual({ a: { gte: 1, lt: 5 }, all: [{ a: { lt: 9 } }] })
    expect([...written.pointers]).toEqual([
      ['1', '/trigger/conditions/a/gte'],
      ['2', '/trigger/conditions/a/lt'],
      ['3', '/trigger/conditions/all/0/a/lt'],
    ])
    expect(readTree({ trigger: { conditions: written.conditions ?? null } }).parts).toHaveLength(3)
  })

  it('say none of several by not and any', () => {
    const group: Group = { kind: 'none', key: 'g', parts: [] }
    const row = (key: string): Row => ({ ...newRow(key), field: key, value: 1 })
    const tree = addPart(addPart(readTree({}), null, group), 'g', row('a'))
    expect(writeTree(tree).conditions).toEqual({ not: { a: 1 } })
    expect(writeTree(addPart(tree, 'g', row('b'))).conditions).toEqual({ not: { any: [{ a: 1 }, { b: 1 }] } })
  })
})

describe('an edit', () => {
  const tree = readTree(documentOf({ a: 1, any: [{ b: 2 }, { c: 3 }], d: 4 }))
  const fields = (parts: readonly Part[]): string =>
    parts
      .map((part) =>
        isGroup(part) ? `${part.kind}(${fields(part.parts)})` : part.kind === 'row' ? part.field : '?',
      )
      .join(' ')
  const keyOf = (field: string) =>
    allParts(tree.parts).find((part) => part.kind === 'row' && part.field === field)?.key ?? ''

  it('moves a row past rows, into groups and out of them', () => {
    expect(fields(tree.parts)).toBe('a any(b c) d')
    expect(fields(movePart(tree, keyOf('a'), 'down').parts)).toBe('any(a b c) d')
    expect(fields(movePart(tree, keyOf('d'), 'up').parts)).toBe('a any(b c d)')
    expect(fields(movePart(tree, keyOf('b'), 'up').parts)).toBe('a b any(c) d')
    expect(fields(movePart(tree, keyOf('c'), 'down').parts)).toBe('a any(b) c d')
    expect(fields(movePart(tree, keyOf('b'), 'down').parts)).toBe('a any(c b) d')
    expect(movePart(tree, keyOf('a'), 'up')).toBe(tree)
    expect(movePart(tree, 'nobody', 'up')).toBe(tree)
  })

  it('moved down and up again comes back, and never loses a row', () => {
    fc.assert(
      fc.property(
        conditions,
        fc.nat(),
        fc.constantFrom('up' as const, 'down' as const),
        (raw, number, way) => {
          const read = readTree(documentOf(raw))
          const parts = allParts(read.parts)
          const key = parts[number % Math.max(parts.length, 1)]?.key ?? ''
          const moved = movePart(read, key, way)
          expect(
            allParts(moved.parts)
              .map((part) => part.key)
              .sort(),
          ).toEqual(parts.map((part) => part.key).sort())
          if (moved === read) return
          const back = movePart(moved, key, way === 'up' ? 'down' : 'up')
          expect(fields(back.parts)).toBe(fields(read.parts))
        },
      ),
    )
  })

  it('changes the kind of a group, and the operator of a row with what fits of its value', () => {
    const group = tree.parts.find(isGroup)?.key ?? ''
    expect(fields(changePart(tree, group, changeGroup('none')).parts)).toBe('a none(b c) d')
    const row: Row = { ...newRow('x'), field: 'x', value: 'A' }
    expect(chooseOperator(row, 'in', 'text')).toMatchObject({ operator: 'in', value: ['A'] })
    expect(chooseOperator({ ...row, operator: 'in', value: ['A', 'B'] }, 'ne', 'text').value).toBe('A')
    expect(chooseOperator(row, 'exists:false', 'text')).toMatchObject({ operator: 'exists', value: false })
    expect(chooseOperator({ ...row, operator: 'exists', value: true }, 'eq', 'text').value).toBe('')
    expect(chooseOperator(row, 'older_than', 'date').value).toBe('7d')
    expect(chooseOperator(row, 'eq:true', 'boolean')).toMatchObject({ operator: 'eq', value: true })
    expect(chooseOperator({ ...row, ignoreCase: true }, 'starts_with', 'text').ignoreCase).toBe(true)
    expect(chooseOperator({ ...row, ignoreCase: true }, 'gte', 'unknown').ignoreCase).toBeUndefined()
  })
})

describe('problems of conditions', () => {
  it('stand at the innermost part that they lead into', () => {
    const tree = readTree(documentOf({ amount: { gte: 'x', lt: 5 }, any: [{ b: 1 }, { c: 3, d: 4 }] }))
    const { pointers } = writeTree(tree)
    const at = (pointer: string) => {
      const { byPart, rest } = placeProblems([{ pointer }], pointers)
      return rest.length > 0 ? 'all' : [...byPart.keys()][0]
    }
    expect(at('/trigger/conditions/amount/gte')).toBe('/trigger/conditions/amount/gte')
    expect(at('/trigger/conditions/amount')).toBe('/trigger/conditions/amount/gte')
    expect(at('/trigger/conditions/any/1/d')).toBe('/trigger/conditions/any/1/d')
    expect(at('/trigger/conditions/any')).toBe('/trigger/conditions/any#any')
    expect(at('/trigger/conditions')).toBe('all')
  })
})
