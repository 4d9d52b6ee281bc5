/** The keys of the builder; they belong to it while nobody types and no dialog is open. */
import { useEffect, useRef } from 'react'
import { isDialogOpen, isTyping } from '../frame/useShortcut'
import { type AutomationDocument, listAround, TRIGGER } from '../model/document'
import { edgesOf, portOf } from '../model/edges'
import { CELL, positionsOf } from '../model/layout'
import type { Operation } from '../model/operations'
import type { Place } from './StepEdge'

interface Keys {
  document: AutomationDocument
  selected: string | null
  act: (operation: Operation) => void
  undo: () => void
  redo: () => void
  onSelect: (id: string | null) => void
  onOpen: () => void
  onAdd: (place: Place) => void
  /** Begins to draw an edge of what is selected, or to cut one. */
  onDraw: (what: 'connect' | 'disconnect') => void
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
      keys.onAdd(placeAfter(document, selected))
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
    case 'ArrowLeft':
    case 'ArrowRight':
      return isInPanel(event.target) ? false : alongRow(event, keys)
  }
  if (selected === null || isInPanel(event.target)) return false
  switch (event.key) {
    case 'Enter':
      if (isPressable(event.target)) return false
      keys.onOpen()
      return true
    case 'c':
      keys.onDraw('connect')
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

/** Cuts the only edge of what is selected; of several, one is chosen. */
function disconnect({ document, selected, act, onDraw }: Keys): boolean {
  if (selected === null) return false
  const edges = edgesOf(listAround(document, selected)).filter((edge) => edge.source === selected)
  const [edge] = edges
  if (!edge) return false
  if (edges.length > 1) onDraw('disconnect')
  else act({ kind: 'disconnect', source: edge.source, target: edge.target, port: portOf(edge) })
  return true
}

/** Where something is added when nobody said where: after what is selected, else at the end. */
export function placeAfter(document: AutomationDocument, selected: string | null): Place {
  return { after: selected ?? document.actions.at(-1)?.id ?? TRIGGER }
}

/** The arrow goes to the nearest node at that side, in about the same row. */
function alongRow(event: KeyboardEvent, { document, selected, onSelect }: Keys): boolean {
  const positions = positionsOf(document)
  const here = positions[selected ?? TRIGGER]
  if (!here) return true
  const way = event.key === 'ArrowLeft' ? -1 : 1
  const [nearest] = Object.entries(positions)
    .filter(([, { x, y }]) => (x - here.x) * way > 0 && Math.abs(y - here.y) < CELL.height / 2)
    .sort(([, one], [, other]) => (one.x - other.x) * way)
  if (nearest) {
    onSelect(nearest[0])
    focusNode(nearest[0])
  }
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
