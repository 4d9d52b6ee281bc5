/**
 * The live stream of runs: whatever a page shows of runs is read again when the stream says that runs changed. However
 * many changes come, nothing is read more often than once in `PAUSE_MS`.
 */
import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useSyncExternalStore } from 'react'

const PAUSE_MS = 600
/** The history is written a moment after the stream speaks; a last look makes sure that nothing was missed. */
const LAST_LOOK_MS = 2_500

export type Connection = 'connecting' | 'live' | 'lost'

let connection: Connection = 'connecting'
const listeners = new Set<() => void>()

function setConnection(next: Connection): void {
  if (next === connection) return
  connection = next
  for (const listener of listeners) listener()
}

/** Whether changes arrive by themselves at the moment. */
export function useConnection(): Connection {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => connection,
  )
}

/** Keeps what is shown of runs and tasks up to date while the frame stands. */
export function useLiveRuns(): void {
  const client = useQueryClient()
  useEffect(() => {
    let timer: number | undefined
    let lastLook: number | undefined
    const refresh = () => {
      timer = undefined
      for (const key of ['runs', 'run', 'tasks', 'automations'])
        void client.invalidateQueries({ queryKey: [key] })
    }
    const onRun = () => {
      timer ??= window.setTimeout(refresh, PAUSE_MS)
      window.clearTimeout(lastLook)
      lastLook = window.setTimeout(refresh, LAST_LOOK_MS)
    }
    const source = new EventSource('/api/v1/stream')
    source.addEventListener('run', onRun)
    source.addEventListener('open', () => {
      // What happened while the stream was being opened, or was lost, did not come through it.
      onRun()
      setConnection('live')
    })
    source.addEventListener('error', () => setConnection('lost'))
    return () => {
      source.close()
      window.clearTimeout(timer)
      window.clearTimeout(lastLook)
      setConnection('connecting')
    }
  }, [client])
}
