/**
 * A page whose part could not be loaded: most often a new release has taken the place of the one that the page is of.
 * The page is then loaded anew, once; if that does not help within a while, the failure is shown as any other.
 */

const MARK = 'reloaded-for-missing-part'
/** A part that is missing again so soon after is missing for another reason. */
const AGAIN_MS = 60_000

/** Whether loading anew is worth a try, by the moment of the last try. */
export function isWorthReloading(lastTry: string | null, now: number): boolean {
  const last = Number(lastTry ?? 0)
  return !(last > now - AGAIN_MS && last <= now)
}

/** Marks what stands in the place of a part that is being loaded. */
export const AWAITED = 'data-awaited-part'

/**
 * Loads the page anew when a part of it that somebody waits for cannot be loaded. A part that was only fetched ahead
 * is left alone: what is typed on the page shall not be lost for it.
 */
export function reloadOnceForMissingParts(isOpening: () => boolean): void {
  window.addEventListener('vite:preloadError', () => {
    if (!isOpening() && document.querySelector(`[${AWAITED}]`) === null) return
    try {
      if (!isWorthReloading(sessionStorage.getItem(MARK), Date.now())) return
      sessionStorage.setItem(MARK, String(Date.now()))
    } catch {
      // Without a memory it could go round and round.
      return
    }
    window.location.reload()
  })
}
