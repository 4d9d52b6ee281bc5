/** The document being built: its history, and saving it by itself. */
import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { api, failureWords } from '../api/client'
import { type AutomationDocument, openDocument, sameValue } from '../model/document'
import { beginHistory, perform, redo, undo } from '../model/history'
import type { Operation } from '../model/operations'
import { type Problem, problemsIn } from '../model/problems'

const PAUSE_MS = 700
const RETRY_MS = 4_000

export type Saving =
  | { state: 'unchanged' }
  | { state: 'waiting' }
  | { state: 'saved'; at: number }
  | { state: 'failed'; message: string }

export interface Builder {
  document: AutomationDocument
  /** Does it, or returns why not. */
  act: (operation: Operation) => string | null
  undo: () => void
  redo: () => void
  undoLabel: string | null
  redoLabel: string | null
  saving: Saving
  /** What the server found wrong in the draft as it was saved last. */
  serverProblems: readonly Problem[]
  /** Saves what is not saved yet; throws if that fails. */
  flush: () => Promise<void>
}

const backupKey = (id: string): string => `draft:${id}`

/** What was typed in this browser and had not reached the server, if anything. */
export function readBackup(id: string): AutomationDocument | null {
  try {
    const text = window.localStorage.getItem(backupKey(id))
    return text === null ? null : openDocument(JSON.parse(text))
  } catch {
    return null
  }
}

function writeBackup(id: string, document: AutomationDocument | null): void {
  try {
    if (document === null) window.localStorage.removeItem(backupKey(id))
    else window.localStorage.setItem(backupKey(id), JSON.stringify(document))
  } catch {
    // A browser without storage still saves to the server.
  }
}

/** `saved` is what the server holds; `start` differs from it when a backup was found. */
export function useBuilder(id: string, saved: AutomationDocument, start: AutomationDocument): Builder {
  const [history, setHistory] = useState(() => beginHistory(start))
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
  const autosave = useAutosave(id, saved, document)
  return {
    document,
    act,
    undo: useCallback(() => change(undo(latest.current)), [change]),
    redo: useCallback(() => change(redo(latest.current)), [change]),
    undoLabel: history.past.at(-1)?.label ?? null,
    redoLabel: history.future[0]?.label ?? null,
    ...autosave,
  }
}

function useAutosave(id: string, saved: AutomationDocument, document: AutomationDocument) {
  const held = useRef(saved)
  const latest = useRef(document)
  latest.current = document
  const underway = useRef<Promise<void> | null>(null)
  const [saving, setSaving] = useState<Saving>({ state: 'unchanged' })
  const settled = useRef<Saving>({ state: 'unchanged' })
  const [found, setFound] = useState<{ problems: Problem[]; order: string }>({ problems: [], order: '' })

  const save = useCallback(async (): Promise<void> => {
    while (underway.current) await underway.current.catch(() => undefined)
    const wanted = latest.current
    if (sameValue(wanted, held.current)) return
    underway.current = (async () => {
      const answer = await api.saveDraft(id, wanted)
      held.current = wanted
      if (latest.current === wanted) writeBackup(id, null)
      setFound({
        problems: [...problemsIn(answer, 'error', 'problems'), ...problemsIn(answer, 'warning', 'warnings')],
        order: orderOf(wanted),
      })
      settled.current = { state: 'saved', at: Date.now() }
      setSaving(latest.current === wanted ? settled.current : { state: 'waiting' })
    })()
    try {
      await underway.current
    } catch (error) {
      setSaving({ state: 'failed', message: failureWords(error) })
      throw error
    } finally {
      underway.current = null
    }
  }, [id])

  useEffect(() => {
    if (sameValue(document, held.current)) {
      writeBackup(id, null)
      setSaving((standing) => (standing.state === 'waiting' ? settled.current : standing))
      return
    }
    writeBackup(id, document)
    setSaving((standing) => (standing.state === 'failed' ? standing : { state: 'waiting' }))
    const timer = window.setTimeout(() => void save().catch(() => undefined), PAUSE_MS)
    return () => window.clearTimeout(timer)
  }, [document, id, save])

  useEffect(() => {
    if (saving.state !== 'failed') return
    const timer = window.setInterval(() => void save().catch(() => undefined), RETRY_MS)
    return () => window.clearInterval(timer)
  }, [saving.state, save])

  useEffect(() => {
    const onLeave = () => {
      if (!sameValue(latest.current, held.current))
        void api.saveDraft(id, latest.current, true).catch(() => undefined)
    }
    window.addEventListener('pagehide', onLeave)
    return () => {
      window.removeEventListener('pagehide', onLeave)
      onLeave()
    }
  }, [id])

  const order = orderOf(document)
  const serverProblems = useMemo(() => (found.order === order ? found.problems : []), [found, order])
  return { saving, serverProblems, flush: save }
}

const orderOf = (document: AutomationDocument): string =>
  document.actions.map((action) => action.id).join('/')
