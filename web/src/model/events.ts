/** Types of events and the patterns that name several of them; what is known of their fields. Pure. */
import { type Part, readTree } from './conditions'
import type { AutomationDocument, Json, JsonObject } from './document'
import { type FieldType, fieldType } from './operators'
import { eventsOf } from './sentences'

/** Whether a type of event is meant by a name or a pattern: `case.*` covers `case.created`, `*` everything. */
export function isMeant(name: string, type: string): boolean {
  if (name === '*' || name === type) return true
  return name.endsWith('.*') && type.startsWith(name.slice(0, -1)) && type.length > name.length - 1
}

/** What recent events of a type have at a path. */
export interface SeenField {
  path: string
  types: string[]
  /** Of the recent events, from 0 to 1. */
  share: number
  examples: Json[]
}

export interface KnownType {
  type: string
  sampled?: number
  fields?: readonly SeenField[]
}

/** The known types that the trigger of a document listens to, those with the most recent events first. */
export function meantTypes<T extends KnownType>(document: AutomationDocument, types: readonly T[]): T[] {
  const names = eventsOf(document.trigger)
  const meant = types.filter(({ type }) => names.some((name) => isMeant(name, type)))
  return meant.sort((one, other) => (other.sampled ?? 0) - (one.sampled ?? 0))
}

/** Patterns that cover several known types: `case.*`. */
export function patternsOf(types: readonly string[]): string[] {
  const counts = new Map<string, number>()
  for (const type of types) {
    const dot = type.indexOf('.')
    if (dot > 0) counts.set(type.slice(0, dot), (counts.get(type.slice(0, dot)) ?? 0) + 1)
  }
  return [...counts].filter(([, count]) => count > 1).map(([object]) => `${object}.*`)
}

/** A field that a condition may ask about. */
export interface KnownField {
  path: string
  type: FieldType
  examples: Json[]
  /** In how many of the recent events it has a value, from 0 to 1. */
  share: number
}

/** The fields of several types as one list, those first that most events have. */
export function knownFields(types: readonly KnownType[]): KnownField[] {
  const found = new Map<string, { types: Set<string>; examples: Json[]; present: number }>()
  let sampled = 0
  for (const type of types) {
    const count = type.sampled ?? 1
    sampled += count
    for (const field of type.fields ?? []) {
      const standing = found.get(field.path) ?? { types: new Set(), examples: [], present: 0 }
      for (const each of field.types) standing.types.add(each)
      standing.examples.push(...field.examples.filter((example) => !standing.examples.includes(example)))
      standing.present += field.share * count
      found.set(field.path, standing)
    }
  }
  return [...found]
    .map(([path, { types: seen, examples, present }]) => ({
      path,
      type: fieldType([...seen], examples),
      examples: examples.slice(0, 8),
      share: sampled === 0 ? 0 : Math.min(1, present / sampled),
    }))
    .sort((one, other) => other.share - one.share || one.path.localeCompare(other.path))
}

/** An event to begin with where none was seen yet: of the trigger's first type, with what its plain conditions ask for. */
export function inventedEvent(document: AutomationDocument, fields: readonly KnownField[]): JsonObject {
  const [name = 'case.created'] = eventsOf(document.trigger)
  const type = name.replace(/(^|\.)\*$/, (_, dot: string) => (dot ? '.created' : 'case.created'))
  const record: JsonObject = { id: 'C-1042' }
  for (const { path, examples } of fields.slice(0, 12)) {
    const [example] = examples
    if (!path.includes('.') && example !== undefined && path !== 'id') record[path] = example
  }
  for (const part of readTree(document).parts) {
    const asked = askedFor(part)
    if (asked) record[asked.field] = asked.value
  }
  return { type, id: 'test-1', record }
}

function askedFor(part: Part): { field: string; value: Json } | null {
  if (part.kind !== 'row' || part.field.includes('.')) return null
  if (part.operator === 'eq' && part.value !== null) return { field: part.field, value: part.value }
  const first = part.operator === 'in' && Array.isArray(part.value) ? part.value[0] : undefined
  if (first !== undefined) return { field: part.field, value: first }
  return /^(gte|lte)$/.test(part.operator) && part.value !== null
    ? { field: part.field, value: part.value }
    : null
}
