import { useEffect, useRef } from 'react'

/** Whether keys belong to a field in which somebody types. */
export function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
  )
}

export const isDialogOpen = (): boolean =>
  document.querySelector(
    '[role="dialog"][data-modal-content], .mantine-Modal-content, .mantine-Drawer-content',
  ) !== null

/**
 * Calls the handler when the keys are pressed: `mod+k`, `j`, `mod+Enter`. `mod` is Ctrl, or ⌘. Keys without `mod` are left to
 * fields and dialogs.
 */
export function useShortcut(keys: string, handler: (event: KeyboardEvent) => void, isEnabled = true): void {
  const latest = useRef(handler)
  latest.current = handler
  useEffect(() => {
    if (!isEnabled) return
    const parts = keys.split('+')
    const wanted = parts.at(-1)?.toLowerCase()
    const onKeyDown = (event: KeyboardEvent) => {
      const hasMod = event.ctrlKey || event.metaKey
      if (event.key.toLowerCase() !== wanted || hasMod !== parts.includes('mod')) return
      if (event.altKey || event.shiftKey !== parts.includes('shift')) return
      if (!hasMod && (isTyping(event.target) || isDialogOpen())) return
      event.preventDefault()
      latest.current(event)
    }
    window.addEventListener('keydown', onKeyDown)
    return () => window.removeEventListener('keydown', onKeyDown)
  }, [keys, isEnabled])
}
