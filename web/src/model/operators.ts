/**
 * The operators of the condition language as people choose them: which fit a type of field, what their values are, and
 * how a typed text becomes a value. Pure.
 */
import { type Json, sameValue } from './document'

/** What a field holds, as far as recent events tell. */
export type FieldType = 'text' | 'number' | 'date' | 'boolean' | 'list' | 'unknown'

/** Every operator of the language, with its words as in “priority *is* critical”. */
const WORDS = {
  eq: 'is',
  ne: 'is not',
  gt: 'is more than',
  gte: 'is at least',
  lt: 'is less than',
  lte: 'is at most',
  in: 'is one of',
  not_in: 'is none of',
  contains: 'contains',
  not_contains: 'does not contain',
  starts_with: 'starts with',
  ends_with: 'ends with',
  matches: 'matches',
  exists: 'has a value',
  is_empty: 'is empty',
  changed: 'changed',
  changed_to: 'changed to',
  changed_from: 'changed from',
  older_than: 'is older than',
  within_last: 'is within the last',
  within_next: 'is within the next',
} as const

export type OperatorName = keyof typeof WORDS

export const OPERATORS = Object.keys(WORDS) as OperatorName[]
export const isOperator = (name: string): name is OperatorName => Object.hasOwn(WORDS, name)

const DATE_WORDS: Partial<Record<OperatorName, string>> = {
  gt: 'is after',
  gte: 'is on or after',
  lt: 'is before',
  lte: 'is on or before',
}
const NEGATED: Partial<Record<OperatorName, string>> = {
  exists: 'has no value',
  is_empty: 'is not empty',
  changed: 'did not change',
}

/** An operator to choose; those that need no value bring their operand. */
export interface Choice {
  id: string
  operator: OperatorName
  words: string
  operand?: Json
}

function choice(id: string, type: FieldType): Choice {
  const [name = 'eq', operand] = id.split(':')
  const operator = name as OperatorName
  if (operator === 'eq' && operand)
    return { id, operator, words: `is ${operand}`, operand: operand === 'true' }
  if (operator in NEGATED) {
    const isNegated = operand === 'false'
    return {
      id,
      operator,
      words: (isNegated ? NEGATED[operator] : undefined) ?? WORDS[operator],
      operand: !isNegated,
    }
  }
  return { id, operator, words: (type === 'date' ? DATE_WORDS[operator] : undefined) ?? WORDS[operator] }
}

const VALUE = ['exists', 'exists:false']
const EMPTY = ['is_empty', 'is_empty:false']
const CHANGE = ['changed', 'changed_to', 'changed_from']
const ORDER = ['gt', 'gte', 'lt', 'lte']
const ONE_OF = ['in', 'not_in']
const NEAR = ['older_than', 'within_last', 'within_next']
const PARTS = ['contains', 'not_contains', 'starts_with', 'ends_with', 'matches']

const IDS: Record<FieldType, readonly string[]> = {
  text: ['eq', 'ne', ...ONE_OF, ...PARTS, ...VALUE, ...EMPTY, ...CHANGE],
  number: ['eq', 'ne', ...ORDER, ...ONE_OF, ...VALUE, ...CHANGE],
  date: [...NEAR, ...ORDER, 'eq', ...VALUE, ...CHANGE],
  boolean: ['eq:true', 'eq:false', ...VALUE, ...CHANGE],
  list: ['contains', 'not_contains', ...EMPTY, ...VALUE, 'changed'],
  unknown: ['eq', 'ne', ...ORDER, ...ONE_OF, ...PARTS, ...VALUE, ...EMPTY, ...CHANGE, ...NEAR],
}

/** The operators to offer for a field of this type; the one that stands there is always among them. */
export function choicesFor(type: FieldType, operator: string, value: Json): Choice[] {
  const choices = IDS[type].map((id) => choice(id, type))
  const standing = choiceIdOf(type, operator, value)
  if (choices.some(({ id }) => id === standing)) return choices
  return [...choices, choice(standing, type)]
}

/** Which choice an operator with its operand is. */
export function choiceIdOf(type: FieldType, operator: string, value: Json): string {
  if (operator === 'eq' && value === null) return 'exists:false'
  if (operator === 'ne' && value === null) return 'exists'
  if (operator === 'eq' && type === 'boolean' && typeof value === 'boolean') return `eq:${value}`
  if (operator in NEGATED && value === false) return `${operator}:false`
  return operator
}

export type ValueKind = 'none' | 'list' | 'duration' | 'date' | 'number' | 'text' | 'any'

/** Whether the operator looks at how far a date is from now. */
export const isNear = (operator: string): boolean => NEAR.includes(operator)

/** What stands behind an operator. */
export function valueKind(type: FieldType, operator: string, value: Json): ValueKind {
  if (operator in NEGATED || (/^(eq|ne)$/.test(operator) && value === null)) return 'none'
  if (operator === 'eq' && type === 'boolean' && typeof value === 'boolean') return 'none'
  if (operator === 'in' || operator === 'not_in' || Array.isArray(value)) return 'list'
  if (isNear(operator)) return 'duration'
  if (/^(starts_with|ends_with|matches)$/.test(operator)) return 'text'
  return type === 'date' || type === 'number' || type === 'text' ? type : 'any'
}

/** Whether letters of another case may be meant too. */
export const knowsCase = (operator: string, value: Json): boolean =>
  /^(eq|ne|in|not_in|contains|not_contains|starts_with|ends_with|matches|changed_to|changed_from)$/.test(
    operator,
  ) &&
  (typeof value === 'string' || (Array.isArray(value) && value.some((item) => typeof item === 'string')))

const FIRST_DURATION = '7d'

/** The value that goes on with another operator: kept where it can be. */
export function carriedValue(kind: ValueKind, operand: Json | undefined, value: Json): Json {
  if (operand !== undefined) return operand
  if (kind === 'list') return Array.isArray(value) ? value : isGiven(value) ? [value] : []
  if (kind === 'duration') return typeof value === 'string' && readDuration(value) ? value : FIRST_DURATION
  const single = Array.isArray(value) ? (value[0] ?? '') : value
  if (single === null || typeof single === 'boolean') return ''
  return typeof single === 'string' && readDuration(single) && kind !== 'text' ? '' : single
}

const isGiven = (value: Json): boolean => value !== null && value !== '' && typeof value !== 'boolean'

/** Why an operator cannot do without a value that is not there yet, or nothing. */
export function missingOperand(operator: string, value: Json): string | null {
  if (operator === 'in' || operator === 'not_in') {
    return Array.isArray(value) && value.length === 0 ? 'Add at least one value.' : null
  }
  if (operator in NEGATED || operator === 'eq' || operator === 'ne') return null
  return value === '' || value === null ? 'Give a value.' : null
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

/** The same where the field is known to hold text: what is typed is meant as it stands. */
export const readTyped = (text: string, kind: ValueKind): Json =>
  kind === 'text' ? text : readTypedValue(text)
export const showTyped = (value: Json, kind: ValueKind): string =>
  kind === 'text' && typeof value === 'string' ? value : typedText(value)

export interface Duration {
  amount: number
  unit: string
}

export const DURATION_UNITS: ReadonlyArray<{ unit: string; words: string }> = [
  { unit: 'm', words: 'minutes' },
  { unit: 'h', words: 'hours' },
  { unit: 'd', words: 'days' },
  { unit: 'w', words: 'weeks' },
]

/** A duration such as `3d` in parts; others are shown as they are written. */
export function readDuration(text: string): Duration | null {
  const [, amount, unit] = /^(\d{1,6})([mhdw])$/.exec(text) ?? []
  return amount && unit ? { amount: Number(amount), unit } : null
}

export const writeDuration = ({ amount, unit }: Duration): string => `${amount}${unit}`

/** “3 days”. */
export function durationSpoken(text: string): string {
  const duration = readDuration(text)
  const words = DURATION_UNITS.find(({ unit }) => unit === duration?.unit)?.words
  if (!duration || !words) return text
  return `${duration.amount} ${duration.amount === 1 ? words.slice(0, -1) : words}`
}

export const isDateText = (value: unknown): boolean =>
  typeof value === 'string' && /^\d{4}-\d\d-\d\d([T ]\d\d:\d\d.*)?$/.test(value)

/** The words of an operator before a value; for a date they speak of time. */
export function operatorWords(name: string, value?: Json): string {
  if (!isOperator(name)) return name.replaceAll('_', ' ')
  if (value === false && NEGATED[name]) return NEGATED[name]
  return (isDateText(value) ? DATE_WORDS[name] : undefined) ?? WORDS[name]
}

const TYPES: Record<string, FieldType> = {
  text: 'text',
  string: 'text',
  number: 'number',
  integer: 'number',
  date: 'date',
  datetime: 'date',
  time: 'date',
  boolean: 'boolean',
  bool: 'boolean',
  'true or false': 'boolean',
  true_or_false: 'boolean',
  list: 'list',
  array: 'list',
}
const NO_VALUE = new Set(['none', 'null', 'no value', 'no_value'])

/** The type of a field by what was seen of it; of several types none is sure. */
export function fieldType(types: readonly string[] = [], examples: readonly Json[] = []): FieldType {
  const known = new Set(
    types.filter((type) => !NO_VALUE.has(type)).map((type): FieldType => TYPES[type] ?? 'unknown'),
  )
  const [only] = known
  if (known.size !== 1 || only === undefined) return 'unknown'
  return only === 'text' && examples.length > 0 && examples.every(isDateText) ? 'date' : only
}
