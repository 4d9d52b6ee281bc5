/**
 * What keeps a document from running, and where: each problem points into the document (RFC 6901), and is shown at the
 * node and the field that it points to. The server's problems and the builder's own have one shape.
 */
import { missingValues } from './conditions'
import { type Action, type AutomationDocument, innerActions, isObject, TRIGGER } from './document'
import { unreachableOf } from './edges'
import { spoken } from './phrase'
import { pointerTo, segmentsOf } from './pointers'
import { eventsOf } from './sentences'

export interface Problem {
  pointer: string
  message: string
  code?: string
  severity: 'error' | 'warning'
  /** How a loop comes about: each automation with what it does to start the next one. */
  chain?: ChainLink[]
}

export interface ChainLink {
  automation_id: string | null
  name: string
  says: string
}

/** “Close cases writes status → Reopen writes status”; nothing for an automation that starts itself. */
export const chainWords = (chain: readonly ChainLink[] = []): string =>
  chain.length > 1 ? chain.map(({ name, says }) => `${name} ${says}`.trim()).join(' → ') : ''

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

/** The node and the field that a pointer leads to. */
export function placeOf(document: AutomationDocument, pointer: string): Place {
  const [head, index, part, field] = segmentsOf(pointer)
  if (head === 'trigger') return { node: TRIGGER, field: index ?? null }
  if (head === 'conditions') return { node: TRIGGER, field: 'conditions' }
  if (head === 'actions' && index !== undefined) {
    const action = document.actions[Number(index)]
    if (!action) return { node: null, field: null }
    if (part === 'actions' && field !== undefined)
      return placeOf({ name: '', actions: innerActions(action) }, pointerTo(...segmentsOf(pointer).slice(2)))
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
  if (eventsOf(document.trigger).length === 0)
    error('/trigger/event', 'Choose the event that starts it.', 'missing')
  for (const { pointer, message } of missingValues(document)) error(pointer, message, 'missing')
  if (document.actions.length === 0) error('/actions', 'Add the first action.', 'missing')
  problems.push(...listProblems(document.actions, '', catalogue))
  return problems
}

/** What is wrong in a list of actions, and in those of its loops. */
function listProblems(
  actions: readonly Action[],
  base: string,
  catalogue: ReadonlyMap<string, KnownAction>,
): Problem[] {
  const problems: Problem[] = []
  const cutOff = new Set(unreachableOf({ actions: [...actions] }).map((action) => action.id))
  actions.forEach((action, index) => {
    const known = catalogue.get(action.type)
    const at = base + pointerTo('actions', index)
    const error = (pointer: string, message: string, code: string) =>
      problems.push({ pointer: at + pointer, message, code, severity: 'error' })
    if (cutOff.has(action.id))
      error('', 'Nothing leads to this action. Connect it, or remove it.', 'unreachable')
    if (!known && catalogue.size > 0)
      error('/type', `There is no action of type “${action.type}”.`, 'unknown')
    for (const name of known?.required ?? []) {
      if (isBlank(action.params[name]))
        error(pointerTo('params', name), `Fill in “${spoken(name)}”.`, 'missing')
    }
    if (action.type === 'for_each') {
      if (action.items === undefined || action.items === '')
        error('/items', 'Say which list to go through.', 'missing')
      if (innerActions(action).length === 0) error('/actions', 'Add what is done for each item.', 'missing')
      problems.push(...listProblems(innerActions(action), at, catalogue))
    }
  })
  return problems
}

const isBlank = (value: unknown): boolean =>
  value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0)

/** The builder's problems and the server's, without saying a thing twice at one place. */
export function mergeProblems(own: readonly Problem[], servers: readonly Problem[]): Problem[] {
  const pointers = new Set(own.map((problem) => problem.pointer))
  const others = new Map(
    servers
      .filter((problem) => !pointers.has(problem.pointer))
      .map((problem) => [`${problem.pointer} ${problem.message}`, problem]),
  )
  return [...own, ...others.values()]
}

const readLink = (link: Record<string, unknown>): ChainLink => ({
  automation_id: typeof link.automation_id === 'string' ? link.automation_id : null,
  name: typeof link.name === 'string' && link.name !== '' ? link.name : 'This automation',
  says: typeof link.says === 'string' ? link.says : '',
})

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
    ...(Array.isArray(item.chain) ? { chain: item.chain.filter(isObject).map(readLink) } : {}),
    severity,
  })) as Problem[]
}
