/**
 * Conditions as the editor shows them: rows of *field – operator – value* in groups, read from the document's mapping and
 * written back to it.
 *
 * This version of the product evaluates equality in one group. The table of operators and the tree already have room for
 * the rest: an operator is offered once `isOffered` says so, and what a row cannot show is kept as it stands.
 */
import { isObject, type Json, type JsonObject, sameValue } from './document'

export interface Operator {
  name: string
  /** As in “priority *is* critical”. */
  words: string
  isOffered: boolean
}

export const OPERATORS: readonly Operator[] = [
  { name: 'eq', words: 'is', isOffered: true },
  { name: 'ne', words: 'is not', isOffered: false },
  { name: 'gt', words: 'is more than', isOffered: false },
  { name: 'gte', words: 'is at least', isOffered: false },
  { name: 'lt', words: 'is less than', isOffered: false },
  { name: 'lte', words: 'is at most', isOffered: false },
  { name: 'in', words: 'is one of', isOffered: false },
  { name: 'not_in', words: 'is none of', isOffered: false },
  { name: 'contains', words: 'contains', isOffered: false },
  { name: 'not_contains', words: 'does not contain', isOffered: false },
  { name: 'starts_with', words: 'starts with', isOffered: false },
  { name: 'ends_with', words: 'ends with', isOffered: false },
  { name: 'matches', words: 'matches', isOffered: false },
  { name: 'exists', words: 'has a value', isOffered: false },
  { name: 'is_empty', words: 'is empty', isOffered: false },
  { name: 'changed', words: 'changed', isOffered: false },
  { name: 'changed_to', words: 'changed to', isOffered: false },
  { name: 'changed_from', words: 'changed from', isOffered: false },
  { name: 'older_than', words: 'is older than', isOffered: false },
  { name: 'within_next', words: 'is within the next', isOffered: false },
]

const GROUPS = { all: 'all of', any: 'any of', not: 'none of' } as const
export type GroupKind = keyof typeof GROUPS
export const groupWords = (kind: GroupKind): string => GROUPS[kind]

export interface Row {
  kind: 'row'
  field: string
  operator: string
  value: Json
}

export interface Group {
  kind: GroupKind
  parts: Part[]
}

/** Something written that no row shows; it is kept and written back as it stands. */
export interface Verbatim {
  kind: 'verbatim'
  field: string
  value: Json
}

export type Part = Row | Group | Verbatim

const isGroupKind = (word: string): word is GroupKind => word in GROUPS
const operatorNamed = new Map(OPERATORS.map((operator) => [operator.name, operator]))

/** The tree of a document's conditions; nothing, and what cannot be read, is an empty group. */
export function readConditions(raw: unknown): Group {
  if (Array.isArray(raw)) return { kind: 'all', parts: raw.map(readConditions) }
  if (!isObject(raw)) return { kind: 'all', parts: [] }
  return {
    kind: 'all',
    parts: Object.entries(raw).flatMap(([field, value]) => readClause(field, value as Json)),
  }
}

function readClause(field: string, value: Json): Part[] {
  if (isGroupKind(field)) {
    const parts = Array.isArray(value) ? value.map(readConditions) : [readConditions(value)]
    return [{ kind: field, parts: parts.map(withoutSingleGroup) }]
  }
  if (Array.isArray(value)) return [{ kind: 'row', field, operator: 'in', value }]
  if (!isObject(value)) return [{ kind: 'row', field, operator: 'eq', value }]
  const operators = Object.entries(value)
  const isKnown = operators.length > 0 && operators.every(([name]) => operatorNamed.has(name))
  if (!isKnown) return [{ kind: 'verbatim', field, value }]
  return operators.map(([operator, operand]) => ({ kind: 'row', field, operator, value: operand as Json }))
}

function withoutSingleGroup(group: Group): Part {
  const [only] = group.parts
  return group.parts.length === 1 && only ? only : group
}

/** The mapping for the document: several rows of one field share its operators, or else become a list of `all`. */
export function writeConditions(group: Group): JsonObject {
  const written: JsonObject = {}
  const beside: JsonObject[] = []
  for (const part of group.parts) {
    for (const [key, value] of Object.entries(writePart(part))) {
      const standing = written[key]
      if (standing === undefined) written[key] = value
      else if (isObject(standing) && isObject(value) && !isGroupKind(key) && !overlap(standing, value)) {
        written[key] = { ...standing, ...value } as JsonObject
      } else beside.push({ [key]: value })
    }
  }
  if (beside.length === 0) return written
  const all = written.all === undefined ? [] : Array.isArray(written.all) ? written.all : [written.all]
  return { ...written, all: [...all, ...beside] }
}

function overlap(one: object, other: object): boolean {
  return Object.keys(one).some((key) => key in other)
}

function writePart(part: Part): JsonObject {
  switch (part.kind) {
    case 'row':
      if (part.operator === 'eq')
        return { [part.field]: isPlain(part.value) ? part.value : { eq: part.value } }
      if (part.operator === 'in' && Array.isArray(part.value)) return { [part.field]: part.value }
      return { [part.field]: { [part.operator]: part.value } }
    case 'verbatim':
      return { [part.field]: part.value }
    case 'not':
      return { not: writeConditions({ kind: 'all', parts: part.parts }) }
    default:
      return { [part.kind]: part.parts.map((inner) => asMapping(inner)) }
  }
}

const asMapping = (part: Part): JsonObject =>
  part.kind === 'all' ? writeConditions(part) : writeConditions({ kind: 'all', parts: [part] })

const isPlain = (value: Json): boolean => value === null || typeof value !== 'object'

/** Whether every part is an equality that the rows of this version can edit. */
export function isEditableInRows(group: Group): boolean {
  return group.parts.every((part) => part.kind === 'row' && part.operator === 'eq' && isPlain(part.value))
}

/** The value that typed text means: numbers, true, false and null are themselves, quotes make text of them. */
export function readTypedValue(text: string): Json {
  const trimmed = text.trim()
  if (/^(true|false|null|-?(0|[1-9]\d*)(\.\d+)?)$/.test(trimmed)) return JSON.parse(trimmed) as Json
  if (/^".*"$/.test(trimmed)) {
    try {
      return JSON.parse(trimmed) as Json
    } catch {
      return text
    }
  }
  return text
}

/** The text to show in a field for a value; text that would be read as something else gets quotes. */
export function typedText(value: Json): string {
  if (typeof value === 'string')
    return sameValue(readTypedValue(value), value) ? value : JSON.stringify(value)
  return JSON.stringify(value)
}

export function operatorWords(name: string): string {
  return operatorNamed.get(name)?.words ?? name.replaceAll('_', ' ')
}
