/**
 * What a trigger, an action and an automation say in a sentence. Generated from the document alone, and used wherever one
 * is named: nodes, lists, dialogs, history.
 */
import { type Group, groupWords, operatorWords, type Part, readConditions } from './conditions'
import { type Action, type AutomationDocument, isObject, type Json, type Trigger } from './document'
import { edgesOf, unreachableOf } from './edges'
import { capital, em, listed, type Phrase, plain, shorten, spoken } from './phrase'

const IRREGULAR = new Set([
  'won',
  'lost',
  'sent',
  'paid',
  'begun',
  'made',
  'read',
  'met',
  'sold',
  'bought',
  'held',
])

const article = (noun: string): string => (/^[aeiou]/i.test(noun) ? 'an' : 'a')

/** An event type as something that happens: `case.created` is “a case is created”. */
export function eventPhrase(type: string): string {
  const [object, ...rest] = type.split('.')
  const words = spoken(rest.join(' ')).split(' ').filter(Boolean)
  const last = words.at(-1)
  if (!object || !last) return spoken(type) === '' ? 'something happens' : `“${type}” happens`
  const noun = spoken(object)
  const isDone = last.endsWith('ed') || IRREGULAR.has(last)
  if (!isDone) return `“${type}” happens`
  if (words.length === 1) return `${article(noun)} ${noun} is ${last}`
  return `${article(noun)} ${noun}’s ${words.slice(0, -1).join(' ')} is ${last}`
}

/** A value as it is read aloud in a sentence. */
export function valueWords(value: Json | undefined): string {
  if (value === undefined || value === null) return 'empty'
  if (typeof value === 'string') return value === '' ? '“”' : shorten(value, 40)
  if (Array.isArray(value)) return shorten(value.map(valueWords).join(', '), 40)
  if (typeof value === 'object') return shorten(JSON.stringify(value), 40)
  return String(value)
}

export function conditionPhrase(part: Part): Phrase {
  if (part.kind === 'verbatim') return [em(`${part.field} ${shorten(JSON.stringify(part.value), 40)}`)]
  if (part.kind === 'row') {
    const field = spoken(part.field.replace(/^record\./, ''))
    if (part.operator === 'eq' && part.value === null) return [em(`${field} is empty`)]
    if (part.operator === 'exists') return [em(`${field} has ${part.value === false ? 'no' : 'a'} value`)]
    if (part.operator === 'changed' || part.operator === 'is_empty') {
      return [em(`${field} ${operatorWords(part.operator)}`)]
    }
    return [em(`${field} ${operatorWords(part.operator)} ${valueWords(part.value)}`)]
  }
  return groupPhrase(part)
}

function groupPhrase(group: Group): Phrase {
  const parts = group.parts.map(conditionPhrase)
  if (group.kind === 'all') return listed(parts)
  return [`${groupWords(group.kind)} (`, ...listed(parts, group.kind === 'any' ? 'or' : 'and'), ')']
}

/** “When a *case is created* and *priority is critical*”. */
export function triggerPhrase(trigger: Trigger | undefined, more?: unknown): Phrase {
  if (!trigger?.event) return ['When … nothing is chosen yet']
  const happening = eventPhrase(trigger.event)
  const [, lead, rest] = /^(an? )?(.*)$/.exec(happening) ?? []
  const parts = [...readConditions(trigger.conditions).parts, ...readConditions(more).parts]
  const opening: Phrase = [`When ${lead ?? ''}`, em(rest ?? happening)]
  if (parts.length === 0) return opening
  return [...opening, ' and ', ...listed(parts.map(conditionPhrase))]
}

const text = (value: unknown): string => {
  if (typeof value === 'string') return shorten(value, 48)
  if (Array.isArray(value)) return shorten(value.filter((item) => typeof item === 'string').join(', '), 48)
  return value === undefined || value === null ? '' : shorten(JSON.stringify(value), 48)
}

const quoted = (value: unknown): string => `“${text(value)}”`

type Sayer = (params: Record<string, Json>) => Phrase

/** How each type of action speaks; a type that is not here is named by its title. */
const SAYERS: Record<string, Sayer> = {
  send_email: (params) => [
    'Email ',
    text(params.to) ? em(text(params.to)) : 'somebody',
    ...(text(params.subject) ? [`: ${quoted(params.subject)}`] : []),
  ],
  update_field: (params) => {
    if (isObject(params.fields)) {
      const changes = Object.entries(params.fields).map(
        ([field, value]): Phrase => [em(spoken(field)), ' to ', em(valueWords(value as Json))],
      )
      return changes.length > 0 ? ['Set ', ...listed(changes)] : ['Set a field']
    }
    if (!text(params.field)) return ['Set a field']
    return ['Set ', em(spoken(text(params.field))), ' to ', em(valueWords(params.value))]
  },
  create_task: (params) => [
    'Create a task',
    ...(text(params.title) ? [' ', em(quoted(params.title))] : []),
    ...(text(params.assignee) ? [' for ', em(text(params.assignee))] : []),
  ],
  notify_user: (params) => [
    'Notify ',
    text(params.user) ? em(text(params.user)) : 'a user',
    ...(text(params.message) ? [`: ${quoted(params.message)}`] : []),
  ],
  assign_to_queue: (params) =>
    text(params.queue_id) ? ['Assign to queue ', em(text(params.queue_id))] : ['Assign to a queue'],
  send_notification: (params) => [
    'Send to ',
    text(params.channel) ? em(capital(text(params.channel))) : 'a channel',
    ...(text(params.to) ? [' ', em(text(params.to))] : []),
    ...(text(params.message) ? [`: ${quoted(params.message)}`] : []),
  ],
  call_webhook: (params) =>
    text(params.url)
      ? [`${text(params.method) || 'POST'} to `, em(text(params.url))]
      : ['Call another system'],
  human_task: (params) => [
    'Ask ',
    text(params.assignee) || text(params.groups)
      ? em(text(params.assignee) || text(params.groups))
      : 'the team',
    ...(text(params.title) ? [` to complete ${quoted(params.title)}`] : []),
  ],
}

/** “Assign to queue *Tier 2*”. */
export function actionPhrase(action: Pick<Action, 'type' | 'params'>): Phrase {
  const say = SAYERS[action.type]
  return say ? say(action.params) : [capital(spoken(action.type)) || 'An action without a type']
}

/** The name of an action: the one given to it, else the title of its type. */
export function actionName(
  action: Pick<Action, 'type' | 'name'>,
  titles?: ReadonlyMap<string, string>,
): string {
  return action.name || titles?.get(action.type) || capital(spoken(action.type)) || 'Action'
}

/** The whole automation: “When a *case is created*: assign to queue *Tier 2*, then send to *Slack*”. */
export function automationPhrase(document: AutomationDocument): Phrase {
  const opening = triggerPhrase(document.trigger, document.conditions)
  const cutOff = new Set(unreachableOf(document).map((action) => action.id))
  const steps = document.actions.filter((action) => !cutOff.has(action.id))
  if (steps.length === 0) return [...opening, ', nothing yet']
  const shown = steps.slice(0, 3).map((action) => lowered(actionPhrase(action)))
  const rest = steps.length - shown.length
  const isSequence = edgesOf(document).every((edge) => edge.kind === 'start' || edge.kind === 'next')
  const between = isSequence ? ', then ' : ', '
  const joined = shown.flatMap((phrase, index) => (index === 0 ? [...phrase] : [between, ...phrase]))
  return [...opening, ': ', ...joined, ...(rest > 0 ? [` and ${rest} more`] : [])]
}

/** The phrase with a small first letter, to stand inside a sentence; words in capitals stay. */
function lowered(phrase: Phrase): Phrase {
  const [first, ...rest] = phrase
  if (typeof first !== 'string' || /^[A-Z]{2}/.test(first)) return phrase
  return [first.charAt(0).toLowerCase() + first.slice(1), ...rest]
}

export const automationSentence = (document: AutomationDocument): string => plain(automationPhrase(document))
