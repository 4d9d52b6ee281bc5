/** Trying the document out on one event: what the event is, and the dry run that came of it. */
import { useMutation, useQuery } from '@tanstack/react-query'
import { useCallback, useEffect, useMemo, useState } from 'react'
import { api } from '../api/client'
import { queries } from '../api/queries'
import { type AutomationDocument, isObject, type JsonObject, sameValue } from '../model/document'
import { type Lights, lightsOf, progressOf, type Run, takenEdges } from '../model/runs'

export interface Trial {
  /** The event as it is written; nothing before one was chosen. */
  text: string | null
  write: (text: string) => void
  /** What is written, if it is an event. */
  event: JsonObject | null
  run: Run | null
  isRunning: boolean
  error: unknown
  start: () => void
  /** Forgets the dry run; the event stays. */
  end: () => void
  /** What each step would have done, while there is a dry run. */
  lights: Lights | null
  /** The edges that it went along. */
  taken: ReadonlySet<string>
  /** How far loops came, in words. */
  progress: ReadonlyMap<string, string>
}

export function useTrial(automationId: string, document: AutomationDocument): Trial {
  const [text, write] = useState<string | null>(null)
  const [subject, setSubject] = useState<AutomationDocument | null>(null)
  const event = useMemo(() => readEvent(text), [text])
  const test = useMutation({
    mutationFn: (given: { event: JsonObject; document: AutomationDocument }) =>
      api.test(automationId, given.event, given.document),
  })
  const { reset, mutate } = test
  const answered = test.data ?? null
  const isWhole = answered !== null && answered.steps !== undefined && !isUnderWay(answered)
  const later = useQuery({
    ...queries.run(answered?.id ?? ''),
    enabled: answered !== null && !isWhole,
    refetchInterval: ({ state }) => (state.data && !isUnderWay(state.data) ? false : 1_000),
    retry: 10,
  })
  const run = answered === null ? null : isWhole ? (answered as Run) : (later.data ?? null)
  const end = useCallback(() => {
    reset()
    setSubject(null)
  }, [reset])

  useEffect(() => {
    // What was tried is not what stands there any more.
    if (subject && !sameValue(subject, document)) end()
  }, [subject, document, end])

  const lights = useMemo(() => (run ? lightsOf(run) : null), [run])
  const taken = useMemo(() => takenEdges(document, run?.steps), [document, run])
  const progress = useMemo(() => progressOf(run?.steps), [run])
  return {
    text,
    write,
    event,
    run,
    isRunning: test.isPending || (answered !== null && (run === null || isUnderWay(run))),
    error: test.error,
    start: () => {
      if (!event) return
      setSubject(document)
      mutate({ event, document })
    },
    end,
    lights,
    taken,
    progress,
  }
}

const isUnderWay = (run: Partial<Run>): boolean =>
  run.status === undefined || (run.status === 'running' && !run.waiting)

/** The event that is written; nothing where it is none. */
function readEvent(text: string | null): JsonObject | null {
  if (text === null) return null
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? (value as JsonObject) : null
  } catch {
    return null
  }
}
