/** The keys of the builder; they belong to it while nobody types and no dialog is open. */
import { useEffect, useRef } from 'react'
import { isDialogOpen, isTyping } from '../frame/useShortcut'
import { type AutomationDocument, TRIGGER } from '../model/document'
import { edgesOf } from '../model/edges'
import type { Operation } from '../model/operations'

interface Keys {
  document: AutomationDocument
  selected: string | null
  act: (operation: Operation) => void
  undo: () => void
  redo: () => void
  onSelect: (id: string | null) => void
  onOpen: () => void
  onAdd: (after: string) => void
  onConnect: () => void
  onHelp: () => void
  onTest: () => void
  /** Goes back a step from testing; false if nothing is tested. */
  onLeaveTest: () => boolean
}

export function useBuilderKeys(keys: Keys): void {
  const latest = useRef(keys)
  latest.current = keys
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (isDialogOpen()) return
      const handled =
        event.ctrlKey || event.metaKey
          ? withMod(event, latest.current)
          : isTyping(event.target) && event.key !== 'Escape'
            ? false
            : plain(event, latest.current)
      if (handled) event.preventDefault()
    }
    window.addEventListener('keydown', onKeyDown)
    return () => window.removeEventListener('keydown', onKeyDown)
  }, [])
}

function withMod(event: KeyboardEvent, { undo, redo }: Keys): boolean {
  const key = event.key.toLowerCase()
  if (key === 'z') {
    if (event.shiftKey) redo()
    else undo()
    return true
  }
  if (key !== 'y') return false
  redo()
  return true
}

function plain(event: KeyboardEvent, keys: Keys): boolean {
  const { document, selected } = keys
  switch (event.key) {
    case '/':
      keys.onAdd(selected ?? document.actions.at(-1)?.id ?? TRIGGER)
      return true
    case '?':
      keys.onHelp()
      return true
    case 't':
      keys.onTest()
      return true
    case 'f':
      window.dispatchEvent(new Event('canvas:fit'))
      return true
    case 'Escape':
      return close(keys)
    case 'ArrowUp':
    case 'ArrowDown':
      return isInPanel(event.target) ? false : alongEdge(event, keys)
  }
  if (selected === null || isInPanel(event.target)) return false
  switch (event.key) {
    case 'Enter':
      if (isPressable(event.target)) return false
      keys.onOpen()
      return true
    case 'c':
      keys.onConnect()
      return true
    case 'x':
      return disconnect(keys)
    case 'Delete':
    case 'Backspace':
      if (selected === TRIGGER) return false
      keys.act({ kind: 'removeAction', id: selected })
      return true
    default:
      return false
  }
}

const isInPanel = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && target.closest('.panel, [role="listbox"], [role="menu"]') !== null

/** A button or link that is no node: Enter is its own. */
const isPressable = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && target.closest('a, button:not([data-node])') !== null

/** Leaves the panel for the node that it belongs to; from there, nothing is selected any more. */
function close({ selected, onSelect, onLeaveTest }: Keys): boolean {
  if (onLeaveTest()) {
    if (isInPanel(document.activeElement)) focusNode(selected ?? TRIGGER)
    return true
  }
  if (selected !== null && isInPanel(document.activeElement)) focusNode(selected)
  else onSelect(null)
  return true
}

function disconnect({ document, selected, act }: Keys): boolean {
  const edge = edgesOf(document).find(
    (candidate) => candidate.source === selected && candidate.kind === 'next',
  )
  if (!edge) return false
  act({ kind: 'disconnect', source: edge.source, target: edge.target })
  return true
}

/** The arrow goes to the neighbour; with Alt the action itself moves there. */
function alongEdge(event: KeyboardEvent, { document, selected, act, onSelect }: Keys): boolean {
  const edges = edgesOf(document)
  const isUp = event.key === 'ArrowUp'
  const neighbour = (id: string): string | undefined =>
    isUp ? edges.find((edge) => edge.target === id)?.source : edges.find((edge) => edge.source === id)?.target
  const here = selected ?? TRIGGER
  const there = selected === null ? TRIGGER : neighbour(here)
  if (there === undefined) return true
  if (!event.altKey) {
    onSelect(there)
    focusNode(there)
    return true
  }
  const after = isUp ? neighbour(there) : there
  if (here !== TRIGGER && after !== undefined) act({ kind: 'moveAction', id: here, after })
  return true
}

/** Moves the focus to a node of the canvas: at once, or when it is drawn and a dialog that closes gave the focus back. */
export function focusNode(id: string, afterMs = 0): void {
  const focus = () =>
    document.querySelector<HTMLElement>(`[data-node="${CSS.escape(id)}"]`)?.focus({ preventScroll: true })
  if (afterMs === 0) focus()
  else window.setTimeout(focus, afterMs)
}
