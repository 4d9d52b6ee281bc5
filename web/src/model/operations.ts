/**
 * Everything that can be done to a document, by name. An operation is plain data; `applyOperation` returns the changed
 * document, or why it cannot be done in words for people. The document given is never changed.
 *
 * An operation on an action inside of a loop is applied to the list that the action stands in: ids are unique in the
 * whole document, so that nobody has to say where.
 */
import {
  type Action,
  type AutomationDocument,
  allActions,
  innerActions,
  type Json,
  loopsAround,
  type Position,
  TRIGGER,
} from './document'
import type { BranchEntry, Port } from './edges'
import {
  type Applied,
  addAction,
  changeEntries,
  connect,
  disconnect,
  done,
  lead,
  moveAction,
  place,
  refuse,
  removeAction,
  setField,
  withField,
} from './graphEdits'

export type { Applied } from './graphEdits'

export type Operation =
  | { kind: 'rename'; name: string }
  | { kind: 'describe'; description: string }
  | { kind: 'setTrigger'; event: string | string[] }
  /** The trigger's conditions, and those at the top of the document where they are named too. */
  | { kind: 'setConditions'; conditions: Json | undefined; top?: Json | undefined }
  /** The time for a whole run. */
  | { kind: 'setTimeout'; timeout: Json | undefined }
  | {
      kind: 'addAction'
      action: Action
      after: string | null
      port?: Port | undefined
      before?: string | undefined
      at?: Position | undefined
      /** The loop whose list it comes into as the first one. */
      within?: string | undefined
    }
  | { kind: 'removeAction'; id: string }
  | { kind: 'moveAction'; id: string; after: string }
  | { kind: 'renameAction'; id: string; name: string }
  | { kind: 'setParam'; id: string; name: string; value: Json | undefined }
  /** A field beside the parameters: `when`, `retry`, `timeout` and the like. */
  | { kind: 'setField'; id: string; name: string; value: Json | undefined }
  | { kind: 'connect'; source: string; target: string; port?: Port | undefined }
  | { kind: 'disconnect'; source: string; target: string; port?: Port | undefined }
  /** Lets one way out lead to these actions, and to no other. */
  | { kind: 'lead'; source: string; port: Port; targets: string[] }
  | { kind: 'addEntry'; id: string }
  | { kind: 'setEntry'; id: string; entry: number; name?: string; when?: Json }
  | { kind: 'moveEntry'; id: string; entry: number; to: number }
  | { kind: 'removeEntry'; id: string; entry: number }
  | { kind: 'place'; positions: Record<string, Position> }
  | { kind: 'tidyUp' }

/** The document after the operation, or why not. An operation that changes nothing returns the same document. */
export function applyOperation(document: AutomationDocument, operation: Operation): Applied {
  const subject = subjectOf(operation)
  const loop = subject === null ? undefined : loopsAround(document.actions, subject)?.[0]
  if (operation.kind === 'addAction') {
    const { action, within } = operation
    if (allActions(document.actions).some(({ id }) => id === action.id))
      return refuse(`There already is an action “${action.id}”.`)
    const own = loop === undefined ? document.actions.find(({ id }) => id === within) : undefined
    if (own) return applyInside(document, own, { ...operation, within: undefined, after: TRIGGER })
  }
  return loop ? applyInside(document, loop, operation) : applyHere(document, operation)
}

/** The action that an operation is about. */
function subjectOf(operation: Operation): string | null {
  switch (operation.kind) {
    case 'addAction':
      return operation.within ?? operation.after
    case 'connect':
    case 'disconnect':
      return operation.source === TRIGGER ? operation.target : operation.source
    case 'lead':
      return operation.source
    default:
      return 'id' in operation ? operation.id : null
  }
}

function applyInside(document: AutomationDocument, loop: Action, operation: Operation): Applied {
  const inner: AutomationDocument = { name: '', actions: innerActions(loop) }
  const applied = applyOperation(inner, operation)
  if (applied.refused !== undefined || applied.document === inner)
    return applied.refused === undefined ? done(document) : applied
  const { actions } = applied.document
  return done({
    ...document,
    actions: document.actions.map((action) => (action === loop ? { ...action, actions } : action)),
  })
}

function applyHere(document: AutomationDocument, operation: Operation): Applied {
  switch (operation.kind) {
    case 'rename':
      return done({ ...document, name: operation.name })
    case 'describe':
      return done(withField(document, 'description', operation.description || undefined))
    case 'setTrigger':
      return done({ ...document, trigger: { ...document.trigger, event: operation.event } })
    case 'setConditions':
      return done(setConditions(document, operation))
    case 'setTimeout':
      return done(withField(document, 'timeout', operation.timeout))
    case 'addAction':
      return addAction(document, operation)
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
    case 'setField':
      return setField(document, operation.id, operation.name, operation.value)
    case 'connect':
      return connect(document, operation.source, operation.target, operation.port)
    case 'disconnect':
      return disconnect(document, operation.source, operation.target, operation.port ?? 'next')
    case 'lead':
      return lead(document, operation.source, operation.port, operation.targets)
    case 'addEntry':
      return changeEntries(document, operation.id, (entries) => [...entries, { when: {}, next: null }])
    case 'setEntry':
      return changeEntries(document, operation.id, (entries) =>
        entries.map((entry, place) => (place === operation.entry ? changedEntry(entry, operation) : entry)),
      )
    case 'moveEntry':
      return changeEntries(document, operation.id, (entries) => {
        const moved = entries[operation.entry]
        const rest = entries.filter((entry) => entry !== moved)
        return moved ? [...rest.slice(0, operation.to), moved, ...rest.slice(operation.to)] : entries
      })
    case 'removeEntry':
      return changeEntries(document, operation.id, (entries) =>
        entries.length > 1 ? entries.filter((_, place) => place !== operation.entry) : entries,
      )
    case 'place':
      return done(place(document, operation.positions))
    case 'tidyUp':
      return done(tidyUp(document))
  }
}

function changedEntry(
  entry: BranchEntry,
  { name, when }: Extract<Operation, { kind: 'setEntry' }>,
): BranchEntry {
  const named = name === undefined ? entry : withField(entry, 'name', name || undefined)
  return when === undefined ? named : { ...named, when }
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
  if (!document.actions.some((action) => action.id === id)) return refuse(`There is no action “${id}”.`)
  return done({
    ...document,
    actions: document.actions.map((action) => (action.id === id ? change(action) : action)),
  })
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
    setTimeout: 'change the time for a run',
    addAction: 'add an action',
    removeAction: 'remove an action',
    moveAction: 'move an action',
    renameAction: 'rename an action',
    setParam: 'change a setting',
    setField: 'change a setting',
    connect: 'connect',
    disconnect: 'disconnect',
    lead: 'connect',
    addEntry: 'add a way',
    setEntry: 'change a way',
    moveEntry: 'move a way',
    removeEntry: 'remove a way',
    place: 'arrange',
    tidyUp: 'tidy up',
  }
  return words[operation.kind]
}
