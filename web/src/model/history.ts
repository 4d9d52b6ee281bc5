/**
 * Undo and redo: the documents that were, and the ones that were undone. Each entry names what led to it.
 * Typing into one field within a short time is one entry.
 */
import { type AutomationDocument, sameValue } from './document'
import { type Applied, applyOperation, describeOperation, type Operation } from './operations'

const DEPTH = 200
const TYPING_SECONDS = 1.5

interface Entry {
  document: AutomationDocument
  /** What was done after it. */
  label: string
}

export interface History {
  past: readonly Entry[]
  present: AutomationDocument
  future: readonly Entry[]
  /** The field being typed into and when, to join its changes. */
  typing: { field: string; at: number } | null
}

export function beginHistory(document: AutomationDocument): History {
  return { past: [], present: document, future: [], typing: null }
}

/** The history after an operation at a time in milliseconds, or why it is refused. */
export function perform(
  history: History,
  operation: Operation,
  at: number,
): { history: History; refused?: undefined } | { refused: string } {
  const applied: Applied = applyOperation(history.present, operation)
  if (applied.refused !== undefined) return { refused: applied.refused }
  if (sameValue(applied.document, history.present)) return { history }
  const field = typedField(operation)
  const isTyping =
    field !== null &&
    history.typing?.field === field &&
    at - history.typing.at < TYPING_SECONDS * 1000 &&
    history.past.length > 0
  const entry = { document: history.present, label: describeOperation(operation) }
  return {
    history: {
      past: isTyping ? history.past : [...history.past, entry].slice(-DEPTH),
      present: applied.document,
      future: [],
      typing: field === null ? null : { field, at },
    },
  }
}

function typedField(operation: Operation): string | null {
  switch (operation.kind) {
    case 'setParam':
      return `${operation.id}/${operation.name}`
    case 'renameAction':
      return `${operation.id}//name`
    case 'rename':
    case 'describe':
    case 'setTrigger':
    case 'setConditions':
      return operation.kind
    default:
      return null
  }
}

/** The history after another document came to stand in the place of the present one; undo gives that back. */
export function replace(history: History, document: AutomationDocument, label: string): History {
  if (sameValue(document, history.present)) return history
  const past = [...history.past, { document: history.present, label }].slice(-DEPTH)
  return { past, present: document, future: [], typing: null }
}

export function undo(history: History): History {
  const entry = history.past.at(-1)
  if (!entry) return history
  return {
    past: history.past.slice(0, -1),
    present: entry.document,
    future: [{ document: history.present, label: entry.label }, ...history.future],
    typing: null,
  }
}

export function redo(history: History): History {
  const [entry, ...future] = history.future
  if (!entry) return history
  return {
    past: [...history.past, { document: history.present, label: entry.label }],
    present: entry.document,
    future,
    typing: null,
  }
}
