/**
 * The automation document as the builder edits it: the same JSON that the API, YAML files and the services read.
 *
 * A document is a value. Nothing here changes one in place, and whatever the builder does not know is kept as it stands,
 * so that a document written elsewhere is saved back unchanged in meaning.
 */

/** The node that stands for the trigger; no action has such an id. */
export const TRIGGER = '$trigger'

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json }
export type JsonObject = { [key: string]: Json }

export interface Position {
  x: number
  y: number
}

export interface Trigger {
  /** A type of event, a pattern such as `case.*`, or several of them. */
  event?: string | string[]
  conditions?: Json
  [more: string]: unknown
}

export interface Action {
  id: string
  type: string
  name?: string
  params: JsonObject
  /** Absent: the action written after it. Null: the path ends here. */
  next?: string | string[] | null
  [more: string]: unknown
}

export interface AutomationDocument {
  name: string
  description?: string
  trigger?: Trigger
  actions: Action[]
  /** Joined with those of the trigger. */
  conditions?: Json
  layout?: { positions?: Record<string, Position>; [more: string]: unknown }
  [more: string]: unknown
}

/** What the API puts around a document; none of it belongs to what is drafted and published. */
const AROUND = [
  'id',
  'version',
  'status',
  'environment',
  'environments',
  'draft',
  'created_at',
  'updated_at',
  'warnings',
  'problems',
  'activation',
  'last_run',
  'runs_7_days',
  'success_rate',
  'waiting_runs',
  'loop_guard',
] as const

/** The first free id of a type: `send_email`, then `send_email_2`, `send_email_3` … */
export function freeId(taken: Iterable<string>, type: string): string {
  const ids = new Set(taken)
  if (!ids.has(type)) return type
  let number = 2
  while (ids.has(`${type}_${number}`)) number += 1
  return `${type}_${number}`
}

/** The document in what the API answered: without what stands around it, every action with an id and parameters. */
export function openDocument(raw: unknown): AutomationDocument {
  const source = isObject(raw) ? { ...raw } : {}
  for (const field of AROUND) delete source[field]
  const actions = openActions(source.actions, new Set(writtenIds(source.actions)))
  return { ...source, name: typeof source.name === 'string' ? source.name : '', actions }
}

function writtenIds(raw: unknown): string[] {
  if (!Array.isArray(raw)) return []
  return raw
    .filter(isObject)
    .flatMap(({ id, actions }) => [...(typeof id === 'string' ? [id] : []), ...writtenIds(actions)])
}

function openActions(raw: unknown, taken: Set<string>): Action[] {
  if (!Array.isArray(raw)) return []
  return raw.filter(isObject).map((action) => {
    const type = typeof action.type === 'string' ? action.type : ''
    const id = typeof action.id === 'string' && action.id !== '' ? action.id : freeId(taken, type)
    taken.add(id)
    const opened = { ...action, id, type, params: isObject(action.params) ? action.params : {} } as Action
    return Array.isArray(action.actions) ? { ...opened, actions: openActions(action.actions, taken) } : opened
  })
}

/** The actions that a loop does for each item; of any other action none. */
export const innerActions = (action: Action): Action[] =>
  Array.isArray(action.actions) ? (action.actions as Action[]) : []

/** Every action of the document in reading order, those inside of loops after their loop. */
export const allActions = (actions: readonly Action[]): Action[] =>
  actions.flatMap((action) => [action, ...allActions(innerActions(action))])

/** An action of the document, wherever it stands. */
export function findAction(document: AutomationDocument, id: string): Action | undefined {
  return allActions(document.actions).find((action) => action.id === id)
}

/** The loops around an action, the outermost first; nothing if there is no such action. */
export function loopsAround(actions: readonly Action[], id: string): Action[] | undefined {
  for (const action of actions) {
    if (action.id === id) return []
    const inner = loopsAround(innerActions(action), id)
    if (inner) return [action, ...inner]
  }
  return undefined
}

/** The list that an action stands in, as a document of its own: a loop's list is a graph that knows nothing around it. */
export function listAround(document: AutomationDocument, id: string): AutomationDocument {
  const loop = loopsAround(document.actions, id)?.at(-1)
  return loop ? { name: '', actions: innerActions(loop) } : document
}

/** A new action of a type, with the fields that it cannot do without. */
export function newAction(document: AutomationDocument, type: string): Action {
  const id = freeId(
    allActions(document.actions).map((action) => action.id),
    type,
  )
  if (type === 'branch') return { id, type, params: {}, branches: [{ when: {}, next: null }] }
  if (type === 'for_each') return { id, type, params: {}, items: '', actions: [] }
  return { id, type, params: {} }
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Whether two JSON values are the same; the order of an object's keys does not matter, and absent is undefined. */
export function sameValue(one: unknown, other: unknown): boolean {
  if (one === other) return true
  if (Array.isArray(one) && Array.isArray(other)) {
    return one.length === other.length && one.every((item, index) => sameValue(item, other[index]))
  }
  if (!isObject(one) || !isObject(other)) return false
  const keys = new Set([...Object.keys(one), ...Object.keys(other)])
  return [...keys].every((key) => sameValue(one[key], other[key]))
}
