/**
 * Conditions as the editor shows them: rows of *field – operator – value* in groups *all of, any of, none of*. Read from
 * the document and written back to it.
 *
 * Every valid spelling can be read, and what was not touched is written back as it was spelled. What no row can show is
 * kept as JSON. “None of” several parts is written as `not` of `any`; `not` of a mapping with several clauses negates them
 * together, and is read as none of one group.
 */
import { type AutomationDocument, isObject, type Json, type JsonObject, sameValue } from './document'
import { isOperator, missingOperand } from './operators'
import { pointerTo } from './pointers'

const GROUPS = { all: 'all of', any: 'any of', none: 'none of' } as const
export type GroupKind = keyof typeof GROUPS
export const GROUP_KINDS = Object.keys(GROUPS) as GroupKind[]
export const groupWords = (kind: GroupKind): string => GROUPS[kind]

interface Standing {
  /** Its identity while it is edited. */
  key: string
  /** Where it stood when it was read, within what its group was written as. */
  at?: string
}

export interface Row extends Standing {
  kind: 'row'
  field: string
  operator: string
  value: Json
  /** The option `ignore_case`, where it is written. */
  ignoreCase?: Json | undefined
  /** Whether `eq` and `in` may be left out, as in `priority: critical`. */
  isShort: boolean
}

export interface Group extends Standing {
  kind: GroupKind
  parts: readonly Part[]
  /** How it was spelled, as long as nothing in it changed. */
  written?: { raw: Json; kind: GroupKind; parts: readonly Part[] }
}

/** Something written that no row shows: it stands for a group of its own. */
export interface Verbatim extends Standing {
  kind: 'verbatim'
  raw: Json
}

export type Part = Row | Group | Verbatim
export const isGroup = (part: Part): part is Group => part.kind !== 'row' && part.kind !== 'verbatim'

/** All conditions of a document: those of its trigger, and after them those at its top. */
export interface Tree {
  parts: readonly Part[]
  trigger: Group
  top: Group
}

const AT_TRIGGER = pointerTo('trigger', 'conditions')
const AT_TOP = pointerTo('conditions')

export function readTree(document: Pick<AutomationDocument, 'trigger' | 'conditions'>): Tree {
  const trigger = readConditions(document.trigger?.conditions, AT_TRIGGER)
  const top = readConditions(document.conditions, AT_TOP)
  return { parts: [...trigger.parts, ...top.parts], trigger, top }
}

export interface WrittenTree {
  /** For the trigger; nothing where it has none. */
  conditions: Json | undefined
  /** For the top of the document. */
  top: Json | undefined
  /** Where each part stands in the document, by its key. */
  pointers: ReadonlyMap<string, string>
}

export function writeTree({ parts, trigger, top }: Tree): WrittenTree {
  const pointers = new Map<string, string>()
  const isAtTop = (part: Part) => part.key.startsWith(AT_TOP)
  const write = (source: Group, own: Part[], base: string) =>
    writeRoot(isSameList(own, source.parts) ? source : { ...source, parts: own }, base, pointers)
  return {
    conditions: write(
      trigger,
      parts.filter((part) => !isAtTop(part)),
      AT_TRIGGER,
    ),
    top: write(top, parts.filter(isAtTop), AT_TOP),
    pointers,
  }
}

const isSameList = (one: readonly Part[], other: readonly Part[]): boolean =>
  one.length === other.length && one.every((part, index) => part === other[index])

/** The group of all conditions in one place; nothing is an empty group. `base` is where they stand. */
export function readConditions(raw: unknown, base = ''): Group {
  return readGroup(raw === undefined ? null : (raw as Json), '', base)
}

/** The conditions as they are written at their place; nothing where there are none. */
export const writeConditions = (group: Group): Json | undefined => writeRoot(group, '', new Map())

function readGroup(raw: Json, at: string, key: string): Group {
  const parts = Array.isArray(raw)
    ? raw.map((item, index) => readMember(item, pointerTo(index), key))
    : isObject(raw)
      ? readMapping(raw as JsonObject, key)
      : raw === null
        ? []
        : [{ kind: 'verbatim', key: `${key}#`, at: '', raw } as const]
  return { kind: 'all', key: `${key}#all`, at, parts, written: { raw, kind: 'all', parts } }
}

/** One group of a list: its only part, or a group of all its parts. */
function readMember(raw: Json, at: string, base: string): Part {
  const group = readGroup(raw, at, base + at)
  const [only] = group.parts
  return only && group.parts.length === 1 ? { ...only, at: at + (only.at ?? '') } : group
}

function readMapping(raw: JsonObject, base: string): Part[] {
  return Object.entries(raw).flatMap(([name, value]) => {
    const at = pointerTo(name)
    if (name === 'all' && Array.isArray(value) && isBeside(value, raw)) {
      return value.map((item, index) => readMember(item, at + pointerTo(index), base))
    }
    return readClause(name, value, at, base + at)
  })
}

/** Whether a list under `all` only holds what its mapping has no room for: a second clause of the same name. */
const isBeside = (list: readonly Json[], mapping: JsonObject): boolean =>
  list.length > 0 &&
  list.every((item) => {
    const names = isObject(item) ? Object.keys(item) : []
    const [name] = names
    return names.length === 1 && name !== undefined && name !== 'all' && Object.hasOwn(mapping, name)
  })

function readClause(name: string, value: Json, at: string, key: string): Part[] {
  if (name === 'all' || name === 'any' || name === 'not') {
    if (!Array.isArray(value) && !isObject(value)) return [verbatim(name, value, at, key)]
    return [name === 'not' ? readNot(value, at, key) : readListed(name, value, at, key)]
  }
  const row = { kind: 'row', field: name } as const
  if (Array.isArray(value)) return [{ ...row, key, at, operator: 'in', value, isShort: true }]
  if (!isObject(value)) return [{ ...row, key, at, operator: 'eq', value, isShort: true }]
  const { ignore_case: ignoreCase, ...operands } = value as JsonObject
  const names = Object.keys(operands)
  if (names.length === 0 || !names.every(isOperator)) return [verbatim(name, value, at, key)]
  return names.map((operator) => {
    const inner = pointerTo(operator)
    const operand = operands[operator] as Json
    return { ...row, key: key + inner, at: at + inner, operator, value: operand, ignoreCase, isShort: false }
  })
}

const verbatim = (name: string, value: Json, at: string, key: string): Verbatim => ({
  kind: 'verbatim',
  key,
  at,
  raw: Object.fromEntries([[name, value]]),
})

function readListed(kind: 'all' | 'any', raw: Json, at: string, key: string): Group {
  const parts = Array.isArray(raw)
    ? raw.map((item, index) => readMember(item, pointerTo(index), key))
    : [readMember(raw, '', key)]
  return { kind, key: `${key}#${kind}`, at, parts, written: { raw, kind, parts } }
}

function readNot(raw: Json, at: string, key: string): Group {
  const inner = readGroup(raw, '', key)
  const [only] = inner.parts
  const isAny = inner.parts.length === 1 && only?.kind === 'any'
  const parts = isAny
    ? only.parts.map((part) => ({ ...part, at: (only.at ?? '') + (part.at ?? '') }))
    : inner.parts.length > 1
      ? [inner]
      : inner.parts
  return { kind: 'none', key: `${key}#none`, at, parts, written: { raw, kind: 'none', parts } }
}

type Pointers = Map<string, string>

const isUntouched = (group: Group): group is Group & { written: NonNullable<Group['written']> } =>
  group.written !== undefined && group.written.parts === group.parts && group.written.kind === group.kind

/** Whether it says something already; a row without a field does not. */
function isComplete(part: Part): boolean {
  if (part.kind === 'row') return part.field.trim() !== ''
  return part.kind === 'verbatim' || isUntouched(part) || part.parts.some(isComplete)
}

function writeRoot(group: Group, base: string, pointers: Pointers): Json | undefined {
  if (isUntouched(group)) {
    note(group, base, pointers)
    return group.written.raw ?? undefined
  }
  const mapping = writeMapping(group.parts, base, pointers)
  return Object.keys(mapping).length > 0 ? mapping : undefined
}

/** Notes where the parts of a group stand that is written as it was read. */
function note(group: Group, base: string, pointers: Pointers): void {
  for (const part of group.parts) {
    const pointer = base + (part.at ?? '')
    pointers.set(part.key, pointer)
    if (isGroup(part)) note(part, pointer, pointers)
  }
}

/** The name under which a part stands in a mapping; nothing for what needs a place of its own. */
function nameOf(part: Part): string | null {
  switch (part.kind) {
    case 'row':
      return fieldName(part.field)
    case 'any':
      return 'any'
    case 'none':
      return 'not'
    case 'all':
      return null
    case 'verbatim': {
      const names = isObject(part.raw) ? Object.keys(part.raw) : []
      return names.length === 1 && names[0] !== 'all' ? (names[0] ?? null) : null
    }
  }
}

/** A field that is called like a group is told apart from it. */
function fieldName(field: string): string {
  const name = field.trim()
  return /^(all|any|not)$/.test(name) ? `record.${name}` : name
}

/** Parts that all hold, as one mapping: operators of one field together, and what has no room under `all`. */
function writeMapping(parts: readonly Part[], base: string, pointers: Pointers): JsonObject {
  const slots = new Map<string, Part[]>()
  const beside: Part[] = []
  for (const part of parts.filter(isComplete)) {
    const name = nameOf(part)
    const standing = name === null ? undefined : slots.get(name)
    if (name === null || (standing && !fits(part, standing))) beside.push(part)
    else if (standing) standing.push(part)
    else slots.set(name, [part])
  }
  const entries = [...slots].map(([name, own]): [string, Json] => [
    name,
    writeSlot(own, base + pointerTo(name), pointers),
  ])
  const [only] = beside
  const at = base + pointerTo('all')
  if (only?.kind === 'all' && beside.length === 1) entries.push(['all', writeGroup(only, at, pointers)])
  else if (only) entries.push(['all', writeList(beside, at, pointers)])
  return Object.fromEntries(entries)
}

const fits = (part: Part, standing: readonly Part[]): boolean =>
  part.kind === 'row' &&
  standing.every(
    (other) =>
      other.kind === 'row' &&
      other.operator !== part.operator &&
      sameValue(other.ignoreCase, part.ignoreCase),
  )

function writeSlot(parts: readonly Part[], at: string, pointers: Pointers): Json {
  const [first] = parts
  if (first && isGroup(first)) return writeGroup(first, at, pointers)
  if (first?.kind === 'verbatim') {
    pointers.set(first.key, at)
    return Object.values(first.raw as JsonObject)[0] as Json
  }
  const rows = parts.filter((part) => part.kind === 'row')
  const [row] = rows
  if (row && rows.length === 1 && canBeShort(row)) {
    pointers.set(row.key, at)
    return row.value
  }
  for (const each of rows) pointers.set(each.key, at + pointerTo(each.operator))
  const operands = rows.map((each): [string, Json] => [each.operator, each.value])
  const option: Array<[string, Json]> = row?.ignoreCase === undefined ? [] : [['ignore_case', row.ignoreCase]]
  return Object.fromEntries([...operands, ...option])
}

function canBeShort({ isShort, operator, value, ignoreCase }: Row): boolean {
  if (!isShort || ignoreCase !== undefined) return false
  return operator === 'in'
    ? Array.isArray(value)
    : operator === 'eq' && !isObject(value) && !Array.isArray(value)
}

/** What stands under the group's own name: `all`, `any` or `not`. */
function writeGroup(group: Group, at: string, pointers: Pointers): Json {
  pointers.set(group.key, at)
  const isAsRead = isUntouched(group) && (group.kind !== 'all' || Array.isArray(group.written.raw))
  if (isAsRead && isUntouched(group)) {
    note(group, at, pointers)
    return group.written.raw
  }
  if (group.kind !== 'none') return writeList(group.parts, at, pointers)
  const parts = group.parts.filter(isComplete)
  const [only] = parts
  if (only && parts.length === 1) return writeMember(only, at, pointers)
  return { any: writeList(parts, at + pointerTo('any'), pointers) }
}

function writeList(parts: readonly Part[], at: string, pointers: Pointers): Json[] {
  return parts.filter(isComplete).map((part, index) => writeMember(part, at + pointerTo(index), pointers))
}

/** A part that stands alone in the place of a group. */
function writeMember(part: Part, at: string, pointers: Pointers): Json {
  if (part.kind === 'all') {
    pointers.set(part.key, at)
    if (!isUntouched(part)) return writeMapping(part.parts, at, pointers)
    note(part, at, pointers)
    return part.written.raw
  }
  if (part.kind !== 'verbatim') return writeMapping([part], at, pointers)
  pointers.set(part.key, at)
  return part.raw
}

/** A part as it would stand alone in a document; for comparing. */
export const writtenPart = (part: Part): Json => writeMember(part, '', new Map())

/** Every part of the tree with those in its groups, in reading order. */
export function allParts(parts: readonly Part[]): Part[] {
  return parts.flatMap((part) => (isGroup(part) ? [part, ...allParts(part.parts)] : [part]))
}

/** The part that each problem belongs to, by key: the innermost that its pointer leads into, else the first below it. */
export function placeProblems<P extends { pointer: string }>(
  problems: readonly P[],
  pointers: ReadonlyMap<string, string>,
): { byPart: Map<string, P[]>; rest: P[] } {
  const byPart = new Map<string, P[]>()
  const rest: P[] = []
  const isWithin = (inner: string, outer: string) => inner === outer || inner.startsWith(`${outer}/`)
  for (const problem of problems) {
    let found: string | undefined
    let depth = -1
    for (const [key, pointer] of pointers) {
      if (isWithin(problem.pointer, pointer) && pointer.length >= depth)
        [found, depth] = [key, pointer.length]
    }
    const isInside = problem.pointer !== AT_TRIGGER && problem.pointer !== AT_TOP
    if (isInside) found ??= [...pointers].find(([, pointer]) => isWithin(pointer, problem.pointer))?.[0]
    if (found === undefined) rest.push(problem)
    else byPart.set(found, [...(byPart.get(found) ?? []), problem])
  }
  return { byPart, rest }
}

/** Rows that lack a value, with where they stand. */
export function missingValues(
  document: Pick<AutomationDocument, 'trigger' | 'conditions'>,
): Array<{ pointer: string; message: string }> {
  const tree = readTree(document)
  const { pointers } = writeTree(tree)
  return allParts(tree.parts).flatMap((part) => {
    const message = part.kind === 'row' ? missingOperand(part.operator, part.value) : null
    const pointer = pointers.get(part.key)
    return message && pointer !== undefined ? [{ pointer, message }] : []
  })
}
