/**
 * Saving the document by itself. Until the server has it, it lies in this browser; and what another page saved
 * meanwhile is never written over without a word.
 */
import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { ApiError, api, failureWords, type Held } from '../api/client'
import type { Environment } from '../api/types'
import { type AutomationDocument, allActions, openDocument, sameValue } from '../model/document'
import { type Problem, problemsIn } from '../model/problems'
import { writeBackup } from './backup'

const PAUSE_MS = 700
const RETRY_MS = 4_000

export type Saving =
  | { state: 'unchanged' }
  | { state: 'waiting' }
  | { state: 'saved'; at: number }
  | { state: 'failed'; message: string }
  /** Somebody else saved `theirs` since this page read the draft; nothing is saved until the person chose. */
  | { state: 'stale'; theirs: Held }

export interface Autosave {
  saving: Saving
  /** What the server found wrong in the draft as it was saved last. */
  serverProblems: readonly Problem[]
  /** Saves what is not saved yet, as a draft even if it is no other than what is published; throws if that fails. */
  flush: () => Promise<void>
  /** Takes an edition for known: it was read, or written in another way. */
  hold: (document: AutomationDocument, etag: string | null) => void
}

/** What the server holds that the builder works on: the draft, or what is published where there is none. */
export const documentOf = (held: Held): AutomationDocument => openDocument(held.body)

interface Subject {
  id: string
  /** Where the published document is read from; absent, where it is. */
  environment: Environment | undefined
  /** What the server held when the page was opened. */
  saved: Held
}

export function useAutosave(
  { id, environment, saved }: Subject,
  document: AutomationDocument,
  isStaleAtFirst: boolean,
): Autosave {
  const held = useRef({ document: documentOf(saved), etag: saved.etag })
  const latest = useRef(document)
  latest.current = document
  const underway = useRef<Promise<void> | null>(null)
  const [saving, setSaving] = useState<Saving>(
    isStaleAtFirst ? { state: 'stale', theirs: saved } : { state: 'unchanged' },
  )
  const isStale = useRef(isStaleAtFirst)
  isStale.current = saving.state === 'stale'
  const settled = useRef<Saving>({ state: 'unchanged' })
  const [found, setFound] = useState(() => ({
    problems: problemsOf(saved),
    order: orderOf(documentOf(saved)),
  }))

  const hold = useCallback((known: AutomationDocument, etag: string | null) => {
    held.current = { document: known, etag }
    isStale.current = false
    setSaving((standing) => (standing.state === 'stale' ? { state: 'waiting' } : standing))
  }, [])

  /** Looks at what the server holds; true if it is what this page knows, or wants to save anyway. */
  const isKnown = useCallback(async (): Promise<boolean> => {
    const theirs = await api.held(id, environment)
    if (theirs.etag === held.current.etag) return true
    const isSame = [held.current.document, latest.current].some((known) =>
      sameValue(known, documentOf(theirs)),
    )
    if (isSame) held.current = { document: documentOf(theirs), etag: theirs.etag }
    else setSaving({ state: 'stale', theirs })
    return isSame
  }, [id, environment])

  const send = useCallback(
    async (wanted: AutomationDocument): Promise<void> => {
      const answer = await saveUnlessChanged(id, wanted, held.current.etag, isKnown, () => held.current.etag)
      held.current = { document: wanted, etag: answer.etag }
      if (latest.current === wanted) writeBackup(id, null)
      setFound({ problems: problemsOf(answer), order: orderOf(wanted) })
      settled.current = { state: 'saved', at: Date.now() }
      setSaving(latest.current === wanted ? settled.current : { state: 'waiting' })
    },
    [id, isKnown],
  )

  const save = useCallback(
    async (always: boolean): Promise<void> => {
      while (underway.current) await underway.current.catch(() => undefined)
      const wanted = latest.current
      if (isStale.current) throw new Error(STALE)
      if (!always && sameValue(wanted, held.current.document)) return
      underway.current = send(wanted)
      try {
        await underway.current
      } catch (error) {
        setSaving((standing) =>
          standing.state === 'stale' ? standing : { state: 'failed', message: failureWords(error) },
        )
        throw error
      } finally {
        underway.current = null
      }
    },
    [send],
  )

  const state = saving.state
  useEffect(() => {
    if (sameValue(document, held.current.document)) {
      writeBackup(id, null)
      setSaving((standing) => (standing.state === 'waiting' ? settled.current : standing))
      return
    }
    writeBackup(id, { document, base: held.current.document })
    if (state === 'stale') return
    setSaving((standing) => (standing.state === 'failed' ? standing : { state: 'waiting' }))
    const timer = window.setTimeout(() => void save(false).catch(() => undefined), PAUSE_MS)
    return () => window.clearTimeout(timer)
  }, [document, id, save, state])

  useEffect(() => {
    if (state !== 'failed') return
    const timer = window.setInterval(() => void save(false).catch(() => undefined), RETRY_MS)
    return () => window.clearInterval(timer)
  }, [state, save])

  useEffect(() => {
    const onReturn = () => {
      if (!underway.current && !isStale.current) void isKnown().catch(() => undefined)
    }
    window.addEventListener('focus', onReturn)
    return () => window.removeEventListener('focus', onReturn)
  }, [isKnown])

  useEffect(() => {
    const onLeave = () => {
      const { document: known, etag } = held.current
      if (!isStale.current && !sameValue(latest.current, known))
        void api.saveDraft(id, latest.current, { etag, keepalive: true }).catch(() => undefined)
    }
    window.addEventListener('pagehide', onLeave)
    return () => {
      window.removeEventListener('pagehide', onLeave)
      onLeave()
    }
  }, [id])

  const order = orderOf(document)
  const serverProblems = useMemo(() => (found.order === order ? found.problems : []), [found, order])
  return { saving, serverProblems, flush: useCallback(() => save(true), [save]), hold }
}

const STALE = 'The draft was changed elsewhere. Choose which of the two stays before you go on.'

/** Saves; where the automation has changed meanwhile, only if what changed is no news to this page. */
async function saveUnlessChanged(
  id: string,
  wanted: AutomationDocument,
  etag: string | null,
  isKnown: () => Promise<boolean>,
  knownEtag: () => string | null,
): Promise<Held> {
  try {
    return await api.saveDraft(id, wanted, { etag })
  } catch (error) {
    if (!(error instanceof ApiError && error.status === 412)) throw error
    if (!(await isKnown())) throw new Error(STALE)
    return api.saveDraft(id, wanted, { etag: knownEtag() })
  }
}

/** What the server says against a document that it holds. */
const problemsOf = ({ body }: Held): Problem[] => [
  ...problemsIn(body, 'error', 'problems'),
  ...problemsIn(body, 'warning', 'warnings'),
]

const orderOf = (document: AutomationDocument): string =>
  allActions(document.actions)
    .map((action) => action.id)
    .join('/')
