/**
 * What keeps a document from running, and where: each problem points into the document (RFC 6901), and is shown at the
 * node and the field that it points to. The server's problems and the builder's own have one shape.
 */
import { type AutomationDocument, isObject, TRIGGER } from './document'
import { unreachableOf } from './edges'
import { spoken } from './phrase'

export interface Problem {
  pointer: string
  message: string
  code?: string
  severity: 'error' | 'warning'
}

/** What a problem belongs to: a node of the canvas (or none: the whole automation) and a field of its form. */
export interface Place {
  node: string | null
  field: string | null
}

/** What the builder needs to know of a type of action. */
export interface KnownAction {
  title: string
  required: readonly string[]
}

export const pointerTo = (...segments: Array<string | number>): string =>
  segments.map((segment) => `/${String(segment).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')

export const segmentsOf = (pointer: string): string[] =>
  pointer
    .split('/')
    .slice(1)
    .map((segment) => segment.replaceAll('~1', '/').replaceAll('~0', '~'))

/** The node and the field that a pointer leads to. */
export function placeOf(document: AutomationDocument, pointer: string): Place {
  const [head, index, part, field] = segmentsOf(pointer)
  if (head === 'trigger') return { node: TRIGGER, field: index ?? null }
  if (head === 'conditions') return { node: TRIGGER, field: 'conditions' }
  if (head === 'actions' && index !== undefined) {
    const action = document.actions[Number(index)]
    if (!action) return { node: null, field: null }
    return { node: action.id, field: part === 'params' ? (field ?? null) : (part ?? null) }
  }
  return { node: null, field: head ?? null }
}

export function problemsAt(
  document: AutomationDocument,
  problems: readonly Problem[],
  node: string,
): Problem[] {
  return problems.filter((problem) => placeOf(document, problem.pointer).node === node)
}

/** What is seen at once, before the server was asked. */
export function findProblems(
  document: AutomationDocument,
  catalogue: ReadonlyMap<string, KnownAction>,
): Problem[] {
  const problems: Problem[] = []
  const error = (pointer: string, message: string, code: string) =>
    problems.push({ pointer, message, code, severity: 'error' })
  if (document.name.trim() === '') error('/name', 'Give the automation a name.', 'missing')
  if (!document.trigger?.event) error('/trigger/event', 'Choose the event that starts it.', 'missing')
  if (document.actions.length === 0) error('/actions', 'Add the first action.', 'missing')
  const cutOff = new Set(unreachableOf(document).map((action) => action.id))
  document.actions.forEach((action, index) => {
    const known = catalogue.get(action.type)
    if (cutOff.has(action.id)) {
      error(
        pointerTo('actions', index),
        'Nothing leads to this action. Connect it, or remove it.',
        'unreachable',
      )
    }
    if (!known) {
      if (catalogue.size > 0) {
        error(pointerTo('actions', index, 'type'), `There is no action of type “${action.type}”.`, 'unknown')
      }
      return
    }
    for (const name of known.required) {
      if (isBlank(action.params[name])) {
        error(pointerTo('actions', index, 'params', name), `Fill in “${spoken(name)}”.`, 'missing')
      }
    }
  })
  return problems
}

const isBlank = (value: unknown): boolean =>
  value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0)

/** The builder's problems and the server's, without saying a thing twice at one place. */
export function mergeProblems(own: readonly Problem[], servers: readonly Problem[]): Problem[] {
  const pointers = new Set(own.map((problem) => problem.pointer))
  return [...own, ...servers.filter((problem) => !pointers.has(problem.pointer))]
}

/** The problems in the body of a refusal (RFC 9457 with `errors`), or none. */
export function problemsIn(
  body: unknown,
  severity: Problem['severity'] = 'error',
  field = 'errors',
): Problem[] {
  const list = isObject(body) ? body[field] : undefined
  if (!Array.isArray(list)) return []
  return list.filter(isObject).map((item) => ({
    pointer: typeof item.pointer === 'string' ? item.pointer : '',
    message:
      [item.message, item.detail, item.title].find((text) => typeof text === 'string') ?? 'This is refused.',
    ...(typeof item.code === 'string' ? { code: item.code } : {}),
    severity,
  })) as Problem[]
}
