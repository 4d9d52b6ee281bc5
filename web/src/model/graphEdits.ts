/**
 * What is done to the edges of a list of actions: adding, removing and moving actions, and drawing edges between them.
 *
 * A plain sequence is written in its own order and needs no `next` at all. As soon as there is another edge, every `next`
 * is written, so that nobody has to guess whether a path goes on. What leads to an action that goes away leads to what
 * followed it. A change after which a way would lead back to where it began is refused.
 */
import { type Action, type AutomationDocument, isObject, type Position, TRIGGER } from './document'
import {
  type BranchEntry,
  canHave,
  canLead,
  chainsOf,
  edgesOf,
  entriesOf,
  entryOf,
  isCyclic,
  type Port,
  portOf,
  portsOf,
  reachableFrom,
  successorsOf,
  targetsAt,
} from './edges'
import { CELL, positionsOf } from './layout'

export type Applied = { document: AutomationDocument; refused?: undefined } | { refused: string }

export const done = (document: AutomationDocument): Applied => ({ document })
export const refuse = (reason: string): Applied => ({ refused: reason })

/** The object with one field set, or without it when there is no value. */
export function withField<T extends object>(object: T, name: string, value: unknown): T {
  if (value !== undefined) return { ...object, [name]: value }
  const { [name as keyof T]: _, ...rest } = object
  return rest as T
}

const unknown = (id: string): string => `There is no action “${id}”.`
const standing = (document: AutomationDocument, id: string): number =>
  document.actions.findIndex((action) => action.id === id)

/** Where each action leads by `next`, to be changed and written back. */
type Next = Map<string, string[]>

const successors = (document: AutomationDocument): Next =>
  new Map(document.actions.map((action, index) => [action.id, successorsOf(document, index)]))

const oneOrMany = (targets: string[]): string | string[] | null =>
  targets.length === 0 ? null : targets.length === 1 ? (targets[0] as string) : targets

/** The document with these edges of `next`, `first` at its head. */
function write(document: AutomationDocument, next: Next, first: string | undefined): Applied {
  const ordered = [...document.actions].sort(
    (one, other) => Number(other.id === first) - Number(one.id === first),
  )
  const explicit = ordered.map((action) =>
    withField(action, 'next', canLead(action) ? oneOrMany(next.get(action.id) ?? []) : undefined),
  )
  const drawn = { ...document, actions: explicit }
  if (isCyclic(drawn))
    return refuse('This edge would lead back to where it comes from, and the run would never end.')
  const chains = chainsOf(drawn)
  if (chains === null) return done(drawn)
  const byId = new Map(explicit.map((action) => [action.id, action]))
  const actions = chains.flatMap((chain, number) =>
    chain.map((id, index) => {
      const action = byId.get(id) as Action
      const isCut = index === chain.length - 1 && number < chains.length - 1
      return withField(action, 'next', isCut && canLead(action) ? null : undefined)
    }),
  )
  return done({ ...document, actions })
}

/** The document with other targets at one way out; those by `next` go to the map, which is written at the end. */
function withTargets(
  document: AutomationDocument,
  next: Next,
  { source, port, targets }: { source: string; port: Port; targets: string[] },
): AutomationDocument {
  if (port === 'next') {
    next.set(source, targets)
    return document
  }
  const actions = document.actions.map((action) =>
    action.id === source ? withWay(action, port, targets) : action,
  )
  return { ...document, actions }
}

function withWay(action: Action, port: Port, targets: string[]): Action {
  const entry = entryOf(port)
  if (entry !== null) {
    const next = targets[0] ?? null
    return {
      ...action,
      branches: entriesOf(action).map((way, index) => (index === entry ? { ...way, next } : way)),
    }
  }
  if (port === 'otherwise') return withField(action, 'otherwise', targets[0])
  const field = port === 'error' ? 'on_error' : 'on_timeout'
  const standing = action[field]
  const outcome =
    targets.length === 0
      ? isObject(standing)
        ? undefined
        : standing
      : { ...(isObject(standing) ? standing : {}), next: oneOrMany(targets) }
  return withField(action, field, outcome)
}

/** The way that an edge takes when nobody said which; of a branch, one that is free before `otherwise`. */
export function usualPort(document: AutomationDocument, id: string): Port | null {
  const index = standing(document, id)
  const action = document.actions[index]
  if (!action || id === TRIGGER) return 'next'
  if (action.type !== 'branch') return canLead(action) ? 'next' : null
  const ways = portsOf(action)
  return ways.find((port) => targetsAt(document, index, port).length === 0) ?? 'otherwise'
}

export interface Adding {
  action: Action
  /** The action that leads to it; the trigger for the first one, nothing for one that stands alone. */
  after: string | null
  /** The way out of that action; absent, its usual one. */
  port?: Port | undefined
  /** The edge that it comes into, by its target; absent, it comes before everything at that way out. */
  before?: string | undefined
  at?: Position | undefined
}

export function addAction(
  document: AutomationDocument,
  { action, after, port, before, at }: Adding,
): Applied {
  if (standing(document, action.id) >= 0) return refuse(`There already is an action “${action.id}”.`)
  const next = successors(document)
  const head = document.actions[0]?.id
  if (after === null || after === TRIGGER) {
    const following = after === null || head === undefined ? [] : [head]
    const made = standBefore(action, following)
    if (typeof made === 'string') return refuse(made)
    next.set(action.id, following)
    const room = makeRoom(document, action.id, after, at, following)
    const actions = after === null ? [...document.actions, made] : [made, ...document.actions]
    return write({ ...room, actions }, next, after === null ? (head ?? action.id) : action.id)
  }
  const index = standing(document, after)
  if (index < 0) return refuse(unknown(after))
  const way = port ?? usualPort(document, after)
  if (way === null) return refuse('Nothing follows a stop that always stops. Give it conditions first.')
  if (!canHave(document.actions[index] as Action, way))
    return refuse('The action before it has no such way out.')
  const there = targetsAt(document, index, way)
  const following = before === undefined ? there : there.filter((target) => target === before)
  const made = standBefore(action, following)
  if (typeof made === 'string') return refuse(made)
  next.set(action.id, following)
  const room = makeRoom(document, action.id, after, at, following)
  const led = withTargets(room, next, {
    source: after,
    port: way,
    targets: [...there.filter((target) => !following.includes(target)), action.id],
  })
  const actions = [...led.actions.slice(0, index + 1), made, ...led.actions.slice(index + 1)]
  return write({ ...led, actions }, next, head)
}

/** The action as it can stand before others: a branch leads there otherwise, and a stop only goes on where it has conditions. */
function standBefore(action: Action, following: readonly string[]): Action | string {
  if (following.length === 0) return action
  if (action.type === 'stop') return action.when == null ? { ...action, when: {} } : action
  if (action.type !== 'branch') return action
  if (following.length > 1)
    return 'Several paths begin here side by side. Add the branch on the edge of one of them.'
  return { ...action, otherwise: following[0] }
}

/** Keeps an arrangement made by hand when an action comes in: what follows moves down by one row. */
function makeRoom(
  document: AutomationDocument,
  id: string,
  after: string | null,
  at: Position | undefined,
  following: string[],
): AutomationDocument {
  const arranged = document.layout?.positions
  if (at) return place(document, { [id]: at })
  if (!arranged || Object.keys(arranged).length === 0 || after === null) return document
  const positions = positionsOf(document)
  const before = positions[after]
  if (!before) return document
  const moved: Record<string, Position> = { [id]: { x: before.x, y: before.y + CELL.height } }
  const edges = edgesOf(document)
  for (const start of following) {
    for (const other of reachableFrom(edges, start)) {
      const position = positions[other]
      if (position) moved[other] = { x: position.x, y: position.y + CELL.height }
    }
  }
  return place(document, moved)
}

export function place(document: AutomationDocument, positions: Record<string, Position>): AutomationDocument {
  return {
    ...document,
    layout: { ...document.layout, positions: { ...document.layout?.positions, ...positions } },
  }
}

/** The edges around an action: what led to it leads to what followed. The action itself leads nowhere afterwards. */
function bridge(
  document: AutomationDocument,
  id: string,
): { document: AutomationDocument; next: Next; first: string | undefined } {
  const next = successors(document)
  const index = standing(document, id)
  const action = document.actions[index]
  const usual = action?.type === 'branch' ? portsOf(action).reverse() : (['next'] as Port[])
  const following =
    usual.map((port) => targetsAt(document, index, port)).find((found) => found.length > 0) ?? []
  let bridged = document
  for (const edge of edgesOf(document)) {
    if (edge.target !== id || edge.source === TRIGGER) continue
    const port = portOf(edge)
    const there =
      port === 'next'
        ? (next.get(edge.source) ?? [])
        : targetsAt(bridged, standing(bridged, edge.source), port)
    const targets = there.flatMap((target) => (target === id ? following : [target]))
    bridged = withTargets(bridged, next, { source: edge.source, port, targets: [...new Set(targets)] })
  }
  const head = document.actions[0]?.id
  const first = head === id ? (following[0] ?? document.actions[1]?.id) : head
  next.set(id, [])
  return { document: bridged, next, first }
}

export function removeAction(document: AutomationDocument, id: string): Applied {
  if (standing(document, id) < 0) return refuse(unknown(id))
  const { document: bridged, next, first } = bridge(document, id)
  next.delete(id)
  const rest: AutomationDocument = {
    ...bridged,
    actions: bridged.actions.filter((action) => action.id !== id),
  }
  if (document.layout?.positions) {
    const { [id]: _, ...positions } = document.layout.positions
    rest.layout = { ...document.layout, positions }
  }
  return write(rest, next, first)
}

/** Takes an action out of its path, and puts it behind another one there. */
export function moveAction(document: AutomationDocument, id: string, after: string): Applied {
  const action = document.actions[standing(document, id)]
  if (!action) return refuse(unknown(id))
  const isThere = edgesOf(document).some(
    (edge) => edge.target === id && edge.source === after && (edge.kind === 'next' || edge.kind === 'start'),
  )
  if (id === after || isThere) return done(document)
  if (after !== TRIGGER && standing(document, after) < 0) return refuse(unknown(after))
  if (!canLead(action)) return refuse('An action with ways of its own is not moved along its path.')
  const { document: bridged, next, first } = bridge(document, id)
  if (after === TRIGGER) {
    next.set(id, first === undefined ? [] : [first])
    return write(bridged, next, id)
  }
  const port = usualPort(bridged, after)
  if (port === null) return refuse('Nothing follows a stop that always stops.')
  next.set(id, port === 'next' ? (next.get(after) ?? []) : targetsAt(bridged, standing(bridged, after), port))
  return write(withTargets(bridged, next, { source: after, port, targets: [id] }), next, first)
}

/** Draws an edge. A way that has one target alone leads there instead; the others begin side by side. */
export function connect(
  document: AutomationDocument,
  source: string,
  target: string,
  port?: Port | undefined,
): Applied {
  if (target === TRIGGER) return refuse('Nothing leads to the trigger: it starts the run.')
  if (standing(document, target) < 0)
    return refuse(`There is no action “${target}” here. No edge leads into a loop or out of it.`)
  if (source === TRIGGER) return beginAt(document, target)
  const index = standing(document, source)
  if (index < 0) return refuse(`There is no action “${source}” here. No edge leads into a loop or out of it.`)
  const way = port ?? usualPort(document, source)
  if (way === null) return refuse('Nothing follows a stop that always stops. Give it conditions first.')
  const there = targetsAt(document, index, way)
  if (there.includes(target)) return done(document)
  const isSingle = way === 'otherwise' || entryOf(way) !== null
  return lead(document, source, way, isSingle ? [target] : [...there, target])
}

/** Lets one way out lead to these actions, and to no other. */
export function lead(document: AutomationDocument, source: string, port: Port, targets: string[]): Applied {
  const action = document.actions[standing(document, source)]
  if (!action) return refuse(unknown(source))
  const missing = targets.find((target) => standing(document, target) < 0)
  if (missing !== undefined) return refuse(unknown(missing))
  if (targets.length > 0 && !canHave(action, port))
    return refuse(
      action.type === 'stop' && port === 'next'
        ? 'Nothing follows a stop that always stops. Give it conditions first.'
        : 'This action has no such way out.',
    )
  if (targets.includes(source))
    return refuse('This edge would lead back to where it comes from, and the run would never end.')
  const next = successors(document)
  const led = withTargets(document, next, { source, port, targets: [...new Set(targets)] })
  let first = document.actions[0]?.id
  if (first !== undefined && targets.includes(first)) first = headAbove(led, next, source)
  return write(led, next, first)
}

function beginAt(document: AutomationDocument, target: string): Applied {
  if (document.actions[0]?.id === target) return done(document)
  const next = successors(document)
  let cut = document
  for (const edge of edgesOf(document)) {
    if (edge.target !== target) continue
    const port = portOf(edge)
    const there =
      port === 'next' ? (next.get(edge.source) ?? []) : targetsAt(cut, standing(cut, edge.source), port)
    cut = withTargets(cut, next, {
      source: edge.source,
      port,
      targets: there.filter((other) => other !== target),
    })
  }
  return write(cut, next, target)
}

/** Where the paths begin that lead to this action. */
function headAbove(document: AutomationDocument, next: Next, id: string): string {
  const actions = document.actions.map((action) =>
    canLead(action) ? { ...action, next: next.get(action.id) ?? [] } : action,
  )
  const edges = edgesOf({ actions }).filter((edge) => edge.source !== TRIGGER)
  const seen = new Set<string>()
  let head = id
  for (;;) {
    seen.add(head)
    const before = edges.find((edge) => edge.target === head && !seen.has(edge.source))
    if (!before) return head
    head = before.source
  }
}

export function disconnect(
  document: AutomationDocument,
  source: string,
  target: string,
  port: Port,
): Applied {
  if (source === TRIGGER) {
    return refuse('A run begins at the first action. Connect the trigger to another action instead.')
  }
  const there = targetsAt(document, standing(document, source), port)
  if (!there.includes(target)) return done(document)
  return lead(
    document,
    source,
    port,
    there.filter((id) => id !== target),
  )
}

/** Sets a field beside the parameters. The edges stay, but for those that the field itself writes. */
export function setField(document: AutomationDocument, id: string, name: string, value: unknown): Applied {
  const index = standing(document, id)
  const action = document.actions[index]
  if (!action) return refuse(unknown(id))
  // A stop goes on only while it has conditions: without any, it keeps empty ones as long as something follows it.
  const isKept = action.type === 'stop' && name === 'when' && successorsOf(document, index).length > 0
  const changed = withField(action, name, isKept && value === undefined ? {} : value)
  const actions = document.actions.map((each) => (each.id === id ? changed : each))
  const isSameWay = canLead(action) === canLead(changed)
  return isSameWay
    ? done({ ...document, actions })
    : write({ ...document, actions }, successors(document), document.actions[0]?.id)
}

/** Changes the entries of a branch, their places and edges with them. */
export function changeEntries(
  document: AutomationDocument,
  id: string,
  change: (entries: BranchEntry[]) => BranchEntry[],
): Applied {
  const action = document.actions[standing(document, id)]
  if (!action) return refuse(unknown(id))
  if (action.type !== 'branch') return refuse('Only a branch has ways of its own.')
  const branches = change(entriesOf(action))
  const actions = document.actions.map((each) => (each.id === id ? { ...each, branches } : each))
  return done({ ...document, actions })
}
