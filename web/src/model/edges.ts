/**
 * The edges of a list of actions: what leads to what, and by which of an action's ways out. The same edges as the
 * services see, in the same order.
 *
 * An action without `next` leads to the action written after it; a branch, and a stop without `when`, do not. Edges are
 * counted one by one: two entries of a branch may lead to one action. A run begins at the first action.
 */
import { type Action, type AutomationDocument, isObject, TRIGGER } from './document'

type Actions = Pick<AutomationDocument, 'actions'>

export interface Edge {
  source: string
  target: string
  kind: 'start' | 'next' | 'branch' | 'otherwise' | 'error' | 'timeout'
  /** Where it stands among those of its kind: the entry of a branch, the place in a list of targets. */
  place: number
}

/** A way out of an action; of a branch, each entry is one. */
export type Port = 'next' | 'otherwise' | 'error' | 'timeout' | `branch:${number}`

export const entryPort = (place: number): Port => `branch:${place}`

/** The number of the entry that a port stands for; nothing for the other ports. */
export const entryOf = (port: Port): number | null =>
  port.startsWith('branch:') ? Number(port.slice('branch:'.length)) : null

export function portOf({ kind, place }: Pick<Edge, 'kind' | 'place'>): Port {
  if (kind === 'start') return 'next'
  return kind === 'branch' ? entryPort(place) : kind
}

export interface BranchEntry {
  name?: string
  when?: unknown
  next?: unknown
  [more: string]: unknown
}

export const entriesOf = (action: Action): BranchEntry[] =>
  Array.isArray(action.branches) ? action.branches.filter(isObject) : []

/** Whether an action has ways out by `next`: a branch has its entries, and nothing follows a stop that always stops. */
export const canLead = (action: Action): boolean =>
  action.type !== 'branch' && (action.type !== 'stop' || (action.when !== undefined && action.when !== null))

/** Whether an action can have a way out, by its type alone. */
export function canHave(action: Action, port: Port): boolean {
  const entry = entryOf(port)
  if (entry !== null) return action.type === 'branch' && entry < entriesOf(action).length
  if (port === 'otherwise') return action.type === 'branch'
  if (port === 'timeout') return action.type === 'human_task'
  return port === 'next' ? canLead(action) : action.type !== 'branch' && action.type !== 'stop'
}

/** The ways out that an action has, in the order in which they are drawn. */
export function portsOf(action: Action): Port[] {
  const ports: Port[] = canLead(action) ? ['next'] : []
  if (action.type === 'branch')
    ports.push(...entriesOf(action).map((_, place) => entryPort(place)), 'otherwise')
  if (isObject(action.on_error)) ports.push('error')
  if (isObject(action.on_timeout)) ports.push('timeout')
  return ports
}

const listOf = (value: unknown): string[] =>
  (Array.isArray(value) ? value : [value]).filter((target) => typeof target === 'string')

/** Where an action leads by `next` or by the order of the list. */
export function successorsOf(document: Actions, index: number): string[] {
  const action = document.actions[index]
  if (!action) return []
  const following = document.actions[index + 1]
  if (action.next === undefined) return canLead(action) && following ? [following.id] : []
  return listOf(action.next)
}

/** Where the action at an index leads by one of its ways out. */
export function targetsAt(document: Actions, index: number, port: Port): string[] {
  const action = document.actions[index]
  if (!action) return []
  const entry = entryOf(port)
  if (entry !== null) return listOf(entriesOf(action)[entry]?.next)
  if (port === 'next') return successorsOf(document, index)
  if (port === 'otherwise') return listOf(action.otherwise)
  const outcome = port === 'error' ? action.on_error : action.on_timeout
  return isObject(outcome) ? listOf(outcome.next) : []
}

/** Every edge of the list, the one that a run begins with first; edges to actions that do not exist are left out. */
export function edgesOf(document: Actions): Edge[] {
  const known = new Set(document.actions.map((action) => action.id))
  const first = document.actions[0]
  const edges: Edge[] = first ? [{ source: TRIGGER, target: first.id, kind: 'start', place: 0 }] : []
  document.actions.forEach((action, index) => {
    const ways: Port[] = ['next', ...entriesOf(action).map((_, place) => entryPort(place))]
    for (const port of [...ways, 'otherwise', 'error', 'timeout'] as Port[]) {
      const entry = entryOf(port)
      const kind = entry === null ? (port as Edge['kind']) : 'branch'
      targetsAt(document, index, port).forEach((target, place) => {
        edges.push({ source: action.id, target, kind, place: entry ?? place })
      })
    }
  })
  return edges.filter((edge) => known.has(edge.target))
}

/** What can be reached from an action along the edges, itself included. */
export function reachableFrom(edges: readonly Edge[], source: string): Set<string> {
  const targets = new Map<string, string[]>()
  for (const edge of edges) targets.set(edge.source, [...(targets.get(edge.source) ?? []), edge.target])
  const seen = new Set<string>()
  const waiting = [source]
  while (waiting.length > 0) {
    const here = waiting.pop() as string
    if (seen.has(here)) continue
    seen.add(here)
    waiting.push(...(targets.get(here) ?? []))
  }
  return seen
}

/** Whether `target` can be reached from `source` along the edges. */
export const isReachable = (edges: readonly Edge[], source: string, target: string): boolean =>
  reachableFrom(edges, source).has(target)

/** The actions that no run would come to, in the order of the list. */
export function unreachableOf(document: Actions): Action[] {
  const reached = reachableFrom(edgesOf(document), TRIGGER)
  return document.actions.filter((action) => !reached.has(action.id))
}

/** Whether a way leads back to where it began. */
export function isCyclic(document: Actions): boolean {
  const edges = edgesOf(document)
  const open = new Map(document.actions.map(({ id }) => [id, 0]))
  for (const { source, target } of edges)
    if (source !== TRIGGER) open.set(target, (open.get(target) ?? 0) + 1)
  const free = [...open].filter(([, count]) => count === 0).map(([id]) => id)
  for (let id = free.pop(); id !== undefined; id = free.pop()) {
    open.delete(id)
    for (const edge of edges) {
      if (edge.source !== id) continue
      const left = (open.get(edge.target) ?? 0) - 1
      open.set(edge.target, left)
      if (left === 0) free.push(edge.target)
    }
  }
  return open.size > 0
}

/**
 * The list's actions as chains, the run's own first; null when it is a graph (a join, a branch, an error edge).
 * A sequence is one chain; every further chain is cut off from the start.
 */
export function chainsOf(document: Actions): string[][] | null {
  const next = new Map<string, string>()
  const entered = new Set<string>()
  if (document.actions.some((action) => action.type === 'branch')) return null
  for (const edge of edgesOf(document)) {
    if (edge.kind !== 'next' && edge.kind !== 'start') return null
    if (next.has(edge.source) || entered.has(edge.target)) return null
    next.set(edge.source, edge.target)
    entered.add(edge.target)
  }
  const chains: string[][] = []
  const placed = new Set<string>()
  const heads = document.actions.filter((action, index) => index === 0 || !entered.has(action.id))
  for (const head of heads) {
    const chain: string[] = []
    for (let id: string | undefined = head.id; id !== undefined && !placed.has(id); id = next.get(id)) {
      placed.add(id)
      chain.push(id)
    }
    chains.push(chain)
  }
  return placed.size === document.actions.length ? chains : null
}
