/** The document being built: its history, and saving it by itself. */
import { useCallback, useRef, useState } from 'react'
import type { Held } from '../api/client'
import type { Environment } from '../api/types'
import type { AutomationDocument } from '../model/document'
import { beginHistory, perform, redo, replace, undo } from '../model/history'
import type { Operation } from '../model/operations'
import { isOvertaken, readBackup } from './backup'
import { type Autosave, documentOf, useAutosave } from './useAutosave'

export interface Builder extends Autosave {
  document: AutomationDocument
  /** Does it, or returns why not. */
  act: (operation: Operation) => string | null
  undo: () => void
  redo: () => void
  undoLabel: string | null
  redoLabel: string | null
  /** Goes on with what somebody else saved meanwhile; undo gives back what stood here. */
  takeTheirs: (theirs: Held) => void
  /** Saves what stands here over what somebody else saved meanwhile. */
  keepMine: (theirs: Held) => void
}

/** `saved` is what the server holds; what this browser kept of an earlier visit is gone on with. */
export function useBuilder(id: string, saved: Held, environment?: Environment): Builder {
  const [start] = useState(() => {
    const backup = readBackup(id)
    const held = documentOf(saved)
    return { document: backup?.document ?? held, isStale: backup !== null && isOvertaken(backup, held) }
  })
  const [history, setHistory] = useState(() => beginHistory(start.document))
  const latest = useRef(history)
  const document = history.present

  const change = useCallback((next: typeof history) => {
    latest.current = next
    setHistory(next)
  }, [])
  const act = useCallback(
    (operation: Operation): string | null => {
      const result = perform(latest.current, operation, Date.now())
      if (result.refused !== undefined) return result.refused
      change(result.history)
      return null
    },
    [change],
  )
  const autosave = useAutosave({ id, environment, saved }, document, start.isStale)
  const { hold } = autosave
  return {
    document,
    act,
    undo: useCallback(() => change(undo(latest.current)), [change]),
    redo: useCallback(() => change(redo(latest.current)), [change]),
    undoLabel: history.past.at(-1)?.label ?? null,
    redoLabel: history.future[0]?.label ?? null,
    takeTheirs: useCallback(
      (theirs) => {
        hold(documentOf(theirs), theirs.etag)
        change(replace(latest.current, documentOf(theirs), 'Show what was saved elsewhere'))
      },
      [change, hold],
    ),
    keepMine: useCallback((theirs) => hold(documentOf(theirs), theirs.etag), [hold]),
    ...autosave,
  }
}
