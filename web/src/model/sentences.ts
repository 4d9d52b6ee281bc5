/**
 * What a trigger, an action and an automation say in a sentence. Generated from the document alone, and used wherever one
 * is named: nodes, lists, dialogs, history.
 */
import { type Group, groupWords, type Part, type Row, readConditions, readTree } from './conditions'
import { type Action, type AutomationDocument, innerActions, isObject, type Json } from './document'
import { type BranchEntry, edgesOf, entriesOf, entryOf, type Port, unreachableOf } from './edges'
import { durationSpoken, isNear, operatorWords } from './operators'
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

/** What happens to what: of `opportunity.stage_changed` “an opportunity’s stage” and “changed”; nothing for other types. */
function happeningOf(type: string): { subject: string; done: string } | null {
  const [object, ...rest] = type.split('.')
  const words = spoken(rest.join(' ')).split(' ').filter(Boolean)
  const last = words.at(-1)
  if (!object || !last || !(last.endsWith('ed') || IRREGULAR.has(last))) return null
  const noun = `${article(spoken(object))} ${spoken(object)}`
  return { subject: words.length === 1 ? noun : `${noun}’s ${words.slice(0, -1).join(' ')}`, done: last }
}

/** An event type or pattern as something that happens: `case.created` is “a case is created”. */
export function eventPhrase(type: string): string {
  if (type === '*') return 'anything happens'
  const pattern = /^(.+)\.\*$/.exec(type)?.[1]
  if (pattern) return `anything happens to ${article(pattern)} ${spoken(pattern)}`
  const happening = happeningOf(type)
  if (happening) return `${happening.subject} is ${happening.done}`
  return spoken(type) === '' ? 'something happens' : `“${type}” happens`
}

const EVENTS_SAID = 4

/** Several as one: “a case is created or escalated”. */
export function eventsPhrase(events: readonly string[]): string {
  const said: Array<{ subject: string; done: string[] } | string> = []
  for (const event of events.slice(0, events.length > EVENTS_SAID ? EVENTS_SAID - 1 : EVENTS_SAID)) {
    const happening = happeningOf(event)
    const same = said.find((each) => typeof each !== 'string' && each.subject === happening?.subject)
    if (happening && typeof same === 'object') same.done.push(happening.done)
    else said.push(happening ? { subject: happening.subject, done: [happening.done] } : eventPhrase(event))
  }
  const items = said.map((each) =>
    typeof each === 'string'
      ? each
      : `${each.subject} is ${plain(
          listed(
            each.done.map((word) => [word]),
            'or',
          ),
        )}`,
  )
  const rest = events.length - EVENTS_SAID + 1
  if (events.length > EVENTS_SAID) items.push(`one of ${rest} other events happens`)
  return plain(
    listed(
      items.map((item) => [item]),
      'or',
    ),
  )
}

/** The events that start an automation, as its trigger names them. */
export function eventsOf(trigger: { event?: unknown } | undefined): string[] {
  const event = trigger?.event
  const events = Array.isArray(event) ? event : [event]
  return events.filter((each): each is string => typeof each === 'string' && each !== '')
}

/** A value as it is read aloud in a sentence. */
export function valueWords(value: Json | undefined): string {
  if (value === undefined || value === null) return 'empty'
  if (typeof value === 'string') return value === '' ? '“”' : shorten(value, 40)
  if (Array.isArray(value)) return shorten(value.map(valueWords).join(', '), 40)
  if (typeof value === 'object') return shorten(JSON.stringify(value), 40)
  return String(value)
}

/** A field as it is read aloud. */
export const fieldWords = (field: string): string => spoken(field.replace(/^record\./, ''))

/** What a row says of its field: “is at least 10,000”. */
export function predicateWords({
  operator,
  value,
  ignoreCase,
}: Pick<Row, 'operator' | 'value' | 'ignoreCase'>) {
  if (value === null && operator === 'eq') return 'has no value'
  if (value === null && operator === 'ne') return 'has a value'
  const words = operatorWords(operator, value)
  if (operator === 'exists' || operator === 'is_empty' || operator === 'changed') return words
  const letters = ignoreCase === true ? ', in any case of letters' : ''
  return `${words} ${operandWords(operator, value)}${letters}`
}

function operandWords(operator: string, value: Json): string {
  if (typeof value === 'number' && /^(gt|gte|lt|lte)$/.test(operator)) return value.toLocaleString('en-US')
  if (typeof value === 'string' && isNear(operator)) return durationSpoken(value)
  return value === null ? 'no value' : valueWords(value)
}

export function conditionPhrase(part: Part): Phrase {
  if (part.kind === 'verbatim') return [em(shorten(JSON.stringify(part.raw), 60))]
  return part.kind === 'row' ? [em(`${fieldWords(part.field)} ${predicateWords(part)}`)] : groupPhrase(part)
}

/** “any of (*source is web*, *source has no value*)”. */
function groupPhrase(group: Group): Phrase {
  const inner = group.parts
    .filter((part) => part.kind !== 'row' || part.field.trim() !== '')
    .map(conditionPhrase)
  const items = inner.flatMap((phrase, index) => (index === 0 ? [...phrase] : [', ', ...phrase]))
  return [`${groupWords(group.kind)} (`, ...items, ')']
}

/** “When a *case is created* and *priority is critical*”. */
export function triggerPhrase(document: Pick<AutomationDocument, 'trigger' | 'conditions'>): Phrase {
  const events = eventsOf(document.trigger)
  if (events.length === 0) return ['When … nothing is chosen yet']
  const happening = eventsPhrase(events)
  const [, lead, rest] = /^(an? )?(.*)$/.exec(happening) ?? []
  const { parts } = readTree(document)
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
  delay: (params) => {
    if (text(params.for)) return ['Wait ', em(durationSpoken(text(params.for)))]
    return text(params.until) ? ['Wait until ', em(namedWords(params.until))] : ['Wait']
  },
  set: (params) => {
    const names = isObject(params.values) ? Object.keys(params.values) : []
    return names.length > 0
      ? ['Remember ', ...listed(names.map((name) => [em(spoken(name))]))]
      : ['Remember a value']
  },
  stop: (params) => [
    'End the run as ',
    em(text(params.status) || 'completed'),
    ...(text(params.reason) ? [`: ${text(params.reason)}`] : []),
  ],
  human_task: (params) => [
    'Ask ',
    text(params.assignee) || text(params.groups)
      ? em(text(params.assignee) || text(params.groups))
      : 'the team',
    ...(text(params.title) ? [` to complete ${quoted(params.title)}`] : []),
  ],
}

/** A value that a name in braces stands for, as people call it: of `{{ record.renewal_date }}` “renewal date”. */
function namedWords(value: unknown): string {
  const [, name] = /^\s*\{\{\s*([\w.]+)\s*\}\}\s*$/.exec(text(value)) ?? []
  return name ? spoken(name.replace(/^(record|vars|steps\.\w+\.output)\./, '')) : text(value)
}

const SHAPES: Record<string, (action: SaidAction) => Phrase> = {
  branch: (action) => {
    const ways = entriesOf(action as Action).map((entry): Phrase => [em(entryWords(entry))])
    return ways.length > 0
      ? ['Go on by ', ...listed([...ways, ['otherwise']], 'or')]
      : ['Go on by a condition']
  },
  for_each: (action) => {
    const count = innerActions(action as Action).length
    const { items } = action
    const words = Array.isArray(items) ? `${items.length} items` : namedWords(items).replace(/^record\./, '')
    const what: Phrase = words ? [em(spoken(words))] : ['…']
    return ['For each of ', ...what, `: ${count === 1 ? '1 action' : `${count} actions`}`]
  },
}

type SaidAction = Pick<Action, 'type' | 'params'> & { [more: string]: unknown }

/** “Assign to queue *Tier 2*”. */
export function actionPhrase(action: SaidAction): Phrase {
  const shape = SHAPES[action.type]
  if (shape) return shape(action)
  const say = SAYERS[action.type]
  return say ? say(action.params) : [capital(spoken(action.type)) || 'An action without a type']
}

/** Conditions of an action or of a way: “*amount is at least 10,000* and *region is EMEA*”. */
export function conditionsPhrase(raw: unknown): Phrase {
  const { parts } = readConditions(raw)
  return parts.length === 0 ? [em('always')] : listed(parts.map(conditionPhrase))
}

/** “Only if *amount is at least 10,000*”; nothing where there are no conditions. */
export function whenPhrase(action: Pick<Action, 'type'> & { when?: unknown }): Phrase | null {
  if (action.when === undefined || action.when === null) return null
  return readConditions(action.when).parts.length === 0
    ? null
    : ['Only if ', ...conditionsPhrase(action.when)]
}

/** What a way of a branch is called: its name, else its conditions. */
export const entryWords = (entry: BranchEntry): string =>
  entry.name?.trim() || shorten(plain(conditionsPhrase(entry.when)), 44)

/** What a way out is called where it is drawn; nothing for the usual one. */
export function portWords(action: Action, port: Port): string | undefined {
  const entry = entryOf(port)
  if (entry !== null) return entryWords(entriesOf(action)[entry] ?? {})
  if (port === 'otherwise') return 'otherwise'
  if (port === 'error') return 'on error'
  return port === 'timeout' ? 'when time is up' : undefined
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
  const opening = triggerPhrase(document)
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
