/**
 * Everything that can be done to a document, by name. An operation is plain data; `applyOperation` returns the changed
 * document, or why it cannot be done in words for people. The document given is never changed.
 *
 * The builder draws a sequence: an action has one edge in and one out. Connecting takes the place of the edges that were
 * there, and the order of the list follows the edges, so that a plain sequence needs no `next` at all.
 */
import {
  type Action,
  type AutomationDocument,
  findAction,
  type Json,
  type Position,
  TRIGGER,
} from './document'
import { chainsOf, edgesOf, isReachable, successorsOf } from './edges'
import { CELL, positionsOf } from './layout'

export type Operation =
  | { kind: 'rename'; name: string }
  | { kind: 'describe'; description: string }
  | { kind: 'setTrigger'; event: string | string[] }
  /** The trigger's conditions, and those at the top of the document where they are named too. */
  | { kind: 'setConditions'; conditions: Json | undefined; top?: Json | undefined }
  | { kind: 'addAction'; action: Action; after: string | null; at?: Position }
  | { kind: 'removeAction'; id: string }
  | { kind: 'moveAction'; id: string; after: string }
  | { kind: 'renameAction'; id: string; name: string }
  | { kind: 'setParam'; id: string; name: string; value: Json | undefined }
  | { kind: 'connect'; source: string; target: string }
  | { kind: 'disconnect'; source: string; target: string }
  | { kind: 'place'; positions: Record<string, Position> }
  | { kind: 'tidyUp' }

export type Applied = { document: AutomationDocument; refused?: undefined } | { refused: string }

/** The document after the operation, or why not. An operation that changes nothing returns the same document. */
export function applyOperation(document: AutomationDocument, operation: Operation): Applied {
  switch (operation.kind) {
    case 'rename':
      return done({ ...document, name: operation.name })
    case 'describe':
      return done(withField(document, 'description', operation.description || undefined))
    case 'setTrigger':
      return done({ ...document, trigger: { ...document.trigger, event: operation.event } })
    case 'setConditions':
      return done(setConditions(document, operation))
    case 'addAction':
      return addAction(document, operation.action, operation.after, operation.at)
    case 'removeAction':
      return removeAction(document, operation.id)
    case 'moveAction':
      return moveAction(document, operation.id, operation.after)
    case 'renameAction':
      return changeAction(document, operation.id, (action) =>
        withField(action, 'name', operation.name || undefined),
      )
    case 'setParam':
      return changeAction(document, operation.id, (action) => ({
        ...action,
        params: withField(action.params, operation.name, operation.value),
      }))
    case 'connect':
      return connect(document, operation.source, operation.target)
    case 'disconnect':
      return disconnect(document, operation.source, operation.target)
    case 'place':
      return done(place(document, operation.positions))
    case 'tidyUp':
      return done(tidyUp(document))
  }
}

const done = (document: AutomationDocument): Applied => ({ document })
const refuse = (reason: string): Applied => ({ refused: reason })

/** The object with one field set, or without it when there is no value. */
function withField<T extends object>(object: T, name: string, value: unknown): T {
  if (value !== undefined) return { ...object, [name]: value }
  const { [name as keyof T]: _, ...rest } = object
  return rest as T
}

function setConditions(
  document: AutomationDocument,
  operation: Extract<Operation, { kind: 'setConditions' }>,
): AutomationDocument {
  const written = (conditions: Json | undefined) => (isEmpty(conditions) ? undefined : conditions)
  const trigger = withField({ ...document.trigger }, 'conditions', written(operation.conditions))
  const changed = { ...document, trigger }
  return 'top' in operation ? withField(changed, 'conditions', written(operation.top)) : changed
}

const isEmpty = (value: Json | undefined): boolean =>
  value === undefined || value === null || (typeof value === 'object' && Object.keys(value).length === 0)

function changeAction(document: AutomationDocument, id: string, change: (action: Action) => Action): Applied {
  if (!findAction(document, id)) return refuse(`There is no action “${id}”.`)
  return done({
    ...document,
    actions: document.actions.map((action) => (action.id === id ? change(action) : action)),
  })
}

/** Where each action leads by `next`, to be changed and written back. */
function successors(document: AutomationDocument): Map<string, string[]> {
  return new Map(document.actions.map((action, index) => [action.id, successorsOf(document, index)]))
}

/** The action that leads to this one by `next`, or the trigger, or nothing. */
function sourceOf(document: AutomationDocument, id: string): string | null {
  const edge = edgesOf(document).find(
    (edge) => edge.target === id && (edge.kind === 'next' || edge.kind === 'start'),
  )
  return edge?.source ?? null
}

/**
 * The document with these edges, `first` at its head. A sequence is written in its own order without `next`, but for
 * null where a chain ends before another one is written; a graph keeps its order and writes every `next`.
 */
function write(
  document: AutomationDocument,
  next: Map<string, string[]>,
  first: string | undefined,
): AutomationDocument {
  const ordered = [...document.actions].sort(
    (one, other) => Number(other.id === first) - Number(one.id === first),
  )
  const explicit = ordered.map((action): Action => {
    if (Array.isArray(action.branches)) return action
    const targets = next.get(action.id) ?? []
    const value = targets.length === 0 ? null : targets.length === 1 ? targets[0] : targets
    return { ...action, next: value }
  })
  const drawn = { ...document, actions: explicit }
  const chains = chainsOf(drawn)
  if (chains === null) return drawn
  const byId = new Map(explicit.map((action) => [action.id, action]))
  const actions = chains.flatMap((chain, number) =>
    chain.map((id, index) => {
      const action = byId.get(id) as Action
      const isCut = index === chain.length - 1 && number < chains.length - 1
      return withField(action, 'next', isCut ? null : undefined)
    }),
  )
  return { ...document, actions }
}

function addAction(
  document: AutomationDocument,
  action: Action,
  after: string | null,
  at: Position | undefined,
): Applied {
  if (findAction(document, action.id)) return refuse(`There already is an action “${action.id}”.`)
  if (after !== null && after !== TRIGGER && !findAction(document, after)) {
    return refuse(`There is no action “${after}”.`)
  }
  const next = successors(document)
  const head = document.actions[0]?.id
  let first = head ?? action.id
  let following: string[] = []
  if (after === TRIGGER) {
    first = action.id
    following = head === undefined ? [] : [head]
  } else if (after !== null) {
    following = next.get(after) ?? []
    next.set(after, [action.id])
  }
  next.set(action.id, following)
  const made = makeRoom(document, action.id, after, at, following)
  return done(write({ ...made, actions: [...document.actions, action] }, next, first))
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
  for (const other of document.actions) {
    const position = positions[other.id]
    const follows = following.some((start) => isReachable(edges, start, other.id))
    if (position && follows) moved[other.id] = { x: position.x, y: position.y + CELL.height }
  }
  return place(document, moved)
}

/** The edges without an action: what led to it leads to what followed. */
function bridge(
  document: AutomationDocument,
  id: string,
): { next: Map<string, string[]>; first: string | undefined } {
  const next = successors(document)
  const following = next.get(id) ?? []
  next.delete(id)
  for (const [source, targets] of next) {
    const bridged = targets.flatMap((target) => (target === id ? following : [target]))
    next.set(source, [...new Set(bridged)])
  }
  const head = document.actions[0]?.id
  const first = head === id ? (following[0] ?? document.actions[1]?.id) : head
  return { next, first }
}

function removeAction(document: AutomationDocument, id: string): Applied {
  if (!findAction(document, id)) return refuse(`There is no action “${id}”.`)
  const { next, first } = bridge(document, id)
  const { [id]: _, ...positions } = document.layout?.positions ?? {}
  const rest: AutomationDocument = {
    ...document,
    actions: document.actions.filter((action) => action.id !== id),
  }
  if (document.layout?.positions) rest.layout = { ...document.layout, positions }
  return done(write(rest, next, first))
}

function moveAction(document: AutomationDocument, id: string, after: string): Applied {
  if (!findAction(document, id)) return refuse(`There is no action “${id}”.`)
  if (id === after || sourceOf(document, id) === after) return done(document)
  if (after !== TRIGGER && !findAction(document, after)) return refuse(`There is no action “${after}”.`)
  const { next, first } = bridge(document, id)
  if (after === TRIGGER) {
    next.set(id, first === undefined ? [] : [first])
    return done(write(document, next, id))
  }
  next.set(id, next.get(after) ?? [])
  next.set(after, [id])
  return done(write(document, next, first))
}

function connect(document: AutomationDocument, source: string, target: string): Applied {
  if (target === TRIGGER) return refuse('Nothing leads to the trigger: it starts the run.')
  if (!findAction(document, target)) return refuse(`There is no action “${target}”.`)
  if (source !== TRIGGER && !findAction(document, source)) return refuse(`There is no action “${source}”.`)
  if (sourceOf(document, target) === source) return done(document)
  const kept = edgesOf(document).filter((edge) => edge.source !== source && edge.target !== target)
  if (source === target || isReachable(kept, target, source)) {
    return refuse('This edge would lead back to where it comes from, and the run would never end.')
  }
  const next = successors(document)
  for (const [other, targets] of next) {
    next.set(
      other,
      targets.filter((id) => id !== target),
    )
  }
  let first = document.actions[0]?.id
  if (source === TRIGGER) first = target
  else {
    next.set(source, [target])
    if (target === first) first = headAbove(next, source)
  }
  return done(write(document, next, first))
}

/** Where the chain that holds this action begins. */
function headAbove(next: Map<string, string[]>, id: string): string {
  let head = id
  for (;;) {
    const before = [...next].find(([, targets]) => targets.includes(head))
    if (!before) return head
    head = before[0]
  }
}

function disconnect(document: AutomationDocument, source: string, target: string): Applied {
  if (source === TRIGGER) {
    return refuse('A run begins at the first action. Connect the trigger to another action instead.')
  }
  const next = successors(document)
  const targets = next.get(source) ?? []
  if (!targets.includes(target)) return done(document)
  next.set(
    source,
    targets.filter((id) => id !== target),
  )
  return done(write(document, next, document.actions[0]?.id))
}

function place(document: AutomationDocument, positions: Record<string, Position>): AutomationDocument {
  return {
    ...document,
    layout: { ...document.layout, positions: { ...document.layout?.positions, ...positions } },
  }
}

function tidyUp(document: AutomationDocument): AutomationDocument {
  if (!document.layout?.positions) return document
  const layout = withField({ ...document.layout }, 'positions', undefined)
  return withField(document, 'layout', Object.keys(layout).length > 0 ? layout : undefined)
}

/** What the operation did, for the undo button: “Undo: add Send email”. */
export function describeOperation(operation: Operation): string {
  const words: Record<Operation['kind'], string> = {
    rename: 'rename',
    describe: 'change the description',
    setTrigger: 'change the trigger',
    setConditions: 'change the conditions',
    addAction: 'add an action',
    removeAction: 'remove an action',
    moveAction: 'move an action',
    renameAction: 'rename an action',
    setParam: 'change a setting',
    connect: 'connect',
    disconnect: 'disconnect',
    place: 'arrange',
    tidyUp: 'tidy up',
  }
  return words[operation.kind]
}
