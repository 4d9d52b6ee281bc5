import { useSyncExternalStore } from 'react'
import { exactTime, relativeTime } from '../model/moments'

const TICK_MS = 5_000
let present = Date.now()
let timer: number | undefined
const listeners = new Set<() => void>()

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  timer ??= window.setInterval(() => {
    present = Date.now()
    for (const each of listeners) each()
  }, TICK_MS)
  return () => {
    listeners.delete(listener)
    if (listeners.size === 0) {
      window.clearInterval(timer)
      timer = undefined
    }
  }
}

/** The present in milliseconds, a few seconds coarse; what shows it is drawn again as it passes. */
export const useNow = (): number => useSyncExternalStore(subscribe, () => present)

/** A time as “3 minutes ago”, with the exact one on hover. */
export function Moment({ at }: { at: string }) {
  const now = useNow()
  return (
    <time dateTime={at} title={exactTime(at)}>
      {relativeTime(at, Math.max(now, Math.min(new Date(at).getTime(), now + TICK_MS)))}
    </time>
  )
}
