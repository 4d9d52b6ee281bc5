/**
 * The edges of a document: what leads to what.
 *
 * An action without `next` leads to the action written after it; `next` names one action, several, or none (null).
 * A branch leads where its entries say, and `on_error` may lead away. A run begins at the first action.
 */
import { type Action, type AutomationDocument, isObject, TRIGGER } from './document'

export interface Edge {
  source: string
  target: string
  kind: 'start' | 'next' | 'branch' | 'error'
  label?: string
}

/** Where an action leads when it is done, by `next` or by the order of the list. */
export function successorsOf(document: AutomationDocument, index: number): string[] {
  const action = document.actions[index]
  if (!action || Array.isArray(action.branches)) return []
  if (action.next === undefined) {
    const following = document.actions[index + 1]
    return following ? [following.id] : []
  }
  if (action.next === null) return []
  return Array.isArray(action.next) ? action.next : [action.next]
}

/** Every edge of the document, the trigger's first; edges to actions that do not exist are left out. */
export function edgesOf(document: AutomationDocument): Edge[] {
  const known = new Set(document.actions.map((action) => action.id))
  const first = document.actions[0]
  const edges: Edge[] = first ? [{ source: TRIGGER, target: first.id, kind: 'start' }] : []
  document.actions.forEach((action, index) => {
    for (const target of successorsOf(document, index))
      edges.push({ source: action.id, target, kind: 'next' })
    edges.push(...branchEdges(action), ...errorEdges(action))
  })
  return edges.filter((edge) => known.has(edge.target))
}

function branchEdges(action: Action): Edge[] {
  if (!Array.isArray(action.branches)) return []
  const edges: Edge[] = []
  for (const [index, branch] of action.branches.entries()) {
    if (isObject(branch) && typeof branch.next === 'string') {
      const label = typeof branch.name === 'string' ? branch.name : `${index + 1}`
      edges.push({ source: action.id, target: branch.next, kind: 'branch', label })
    }
  }
  if (typeof action.otherwise === 'string') {
    edges.push({ source: action.id, target: action.otherwise, kind: 'branch', label: 'otherwise' })
  }
  return edges
}

function errorEdges(action: Action): Edge[] {
  const onError = action.on_error
  if (!isObject(onError) || typeof onError.next !== 'string') return []
  return [{ source: action.id, target: onError.next, kind: 'error', label: 'on error' }]
}

/** Whether `target` can be reached from `source` along the edges. */
export function isReachable(edges: readonly Edge[], source: string, target: string): boolean {
  const seen = new Set<string>()
  const waiting = [source]
  while (waiting.length > 0) {
    const here = waiting.pop() as string
    if (here === target) return true
    if (seen.has(here)) continue
    seen.add(here)
    for (const edge of edges) if (edge.source === here) waiting.push(edge.target)
  }
  return false
}

/** The actions that no run would come to, in the order of the list. */
export function unreachableOf(document: AutomationDocument): Action[] {
  const edges = edgesOf(document)
  const reached = new Set<string>()
  const waiting: string[] = [TRIGGER]
  while (waiting.length > 0) {
    const here = waiting.pop() as string
    if (reached.has(here)) continue
    reached.add(here)
    for (const edge of edges) if (edge.source === here) waiting.push(edge.target)
  }
  return document.actions.filter((action) => !reached.has(action.id))
}

/**
 * The document's actions as chains, the run's own first; null when it is a graph (a join, a branch, an error edge).
 * A sequence is one chain; every further chain is cut off from the trigger.
 */
export function chainsOf(document: AutomationDocument): string[][] | null {
  const edges = edgesOf(document)
  const next = new Map<string, string>()
  const entered = new Set<string>()
  for (const edge of edges) {
    if (edge.kind === 'branch' || edge.kind === 'error') return null
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
