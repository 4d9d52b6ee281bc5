/** What changed between two documents, in sentences: for the sandbox, the publish dialog and the list of versions. */
import { type Part, readTree, writtenPart } from './conditions'
import {
  type Action,
  type AutomationDocument,
  allActions,
  innerActions,
  isObject,
  type Json,
  sameValue,
  TRIGGER,
} from './document'
import { chainsOf, edgesOf, entriesOf } from './edges'
import { em, type Phrase, shorten, spoken } from './phrase'
import {
  actionName,
  actionPhrase,
  conditionPhrase,
  conditionsPhrase,
  entryWords,
  eventsOf,
  eventsPhrase,
  predicateWords,
  valueWords,
} from './sentences'

/** The sentences that lead from one document to the other; none when they mean the same. */
export function differencesOf(
  before: AutomationDocument,
  after: AutomationDocument,
  titles?: ReadonlyMap<string, string>,
): Phrase[] {
  return [
    ...headDifferences(before, after),
    ...conditionDifferences(before, after),
    ...actionDifferences(before, after, titles),
  ]
}

function headDifferences(before: AutomationDocument, after: AutomationDocument): Phrase[] {
  const sentences: Phrase[] = []
  if (before.name !== after.name) sentences.push(['Renamed from ', em(before.name), ' to ', em(after.name)])
  if (!sameValue(before.timeout, after.timeout))
    sentences.push([
      'The time for a whole run ',
      em(said(before.timeout as Json | undefined)),
      ' → ',
      em(said(after.timeout as Json | undefined)),
    ])
  if ((before.description ?? '') !== (after.description ?? '')) sentences.push(['The description is changed'])
  const [from, to] = [eventsOf(before.trigger), eventsOf(after.trigger)]
  if (!sameValue(from, to)) {
    const instead: Phrase = from.length > 0 ? [' instead of when ', em(eventsPhrase(from))] : []
    sentences.push(['Starts when ', em(eventsPhrase(to)), ...instead])
  }
  return sentences
}

const keyOf = (part: Part): string =>
  part.kind === 'row' ? `${part.field} ${part.operator}` : JSON.stringify(writtenPart(part))

function conditionDifferences(before: AutomationDocument, after: AutomationDocument): Phrase[] {
  const parts = (document: AutomationDocument) =>
    readTree(document).parts.map((part): [string, Part] => [keyOf(part), part])
  const [was, is] = [new Map(parts(before)), new Map(parts(after))]
  const sentences: Phrase[] = []
  for (const [key, part] of was) {
    const now = is.get(key)
    if (!now) sentences.push(['No longer asks that ', ...conditionPhrase(part)])
    else if (part.kind === 'row' && now.kind === 'row' && !sameValue(writtenPart(part), writtenPart(now))) {
      sentences.push([...conditionPhrase(part), ' → ', em(predicateWords(now))])
    }
  }
  for (const [key, part] of is) if (!was.has(key)) sentences.push(['Only if ', ...conditionPhrase(part)])
  return sentences
}

function actionDifferences(
  before: AutomationDocument,
  after: AutomationDocument,
  titles: ReadonlyMap<string, string> | undefined,
): Phrase[] {
  const [all, now] = [allActions(before.actions), allActions(after.actions)]
  const was = new Map(all.map((action) => [action.id, action]))
  const is = new Map(now.map((action) => [action.id, action]))
  const sentences: Phrase[] = []
  for (const action of all) {
    if (!is.has(action.id)) sentences.push(['Removed ', em(actionName(action, titles))])
  }
  for (const action of now) {
    const old = was.get(action.id)
    if (!old) sentences.push(['Added ', em(actionName(action, titles)), ': ', ...actionPhrase(action)])
    else sentences.push(...paramDifferences(old, action, titles), ...fieldDifferences(old, action, titles))
  }
  const order = (document: AutomationDocument) =>
    (chainsOf(document) ?? [document.actions.map((action) => action.id)])
      .map((chain) => chain.filter((id) => was.has(id) && is.has(id)).join('>'))
      .filter(Boolean)
  const isGraph = [before, after].some((document) => chainsOf(document) === null)
  if (!isGraph && !sameValue(order(before), order(after)))
    sentences.push(['The order of the actions is changed'])
  if (isGraph && !sameValue(pathsOf(before, is), pathsOf(after, was)))
    sentences.push(['The paths between the actions are changed'])
  return sentences
}

/** The edges between actions that both documents have. */
const pathsOf = (document: AutomationDocument, others: ReadonlyMap<string, Action>): string[] =>
  [document, ...allActions(document.actions).map((action) => ({ actions: innerActions(action) }))]
    .flatMap(edgesOf)
    .filter(({ source, target }) => others.has(target) && (source === TRIGGER || others.has(source)))
    .map(({ source, target, kind, place }) => `${source}>${target}:${kind}${kind === 'branch' ? place : ''}`)
    .sort()

/** The fields beside the parameters that say when and how a step is performed. */
const FIELDS = ['when', 'retry', 'timeout', 'at_most_once', 'items', 'max', 'at_once'] as const

function fieldDifferences(
  before: Action,
  after: Action,
  titles: ReadonlyMap<string, string> | undefined,
): Phrase[] {
  const name = em(actionName(after, titles))
  const sentences: Phrase[] = FIELDS.filter((field) => !sameValue(before[field], after[field])).map(
    (field): Phrase => {
      const say = (action: Action): Phrase =>
        field === 'when' && action.when != null
          ? conditionsPhrase(action.when)
          : [em(said(action[field] as Json | undefined))]
      return [
        name,
        `: ${field === 'when' ? 'only if' : spoken(field)} `,
        ...say(before),
        ' → ',
        ...say(after),
      ]
    },
  )
  const outcome = (action: Action, field: string): string => {
    const value = action[field] ?? 'fail'
    return isObject(value) ? 'leads to another action' : value === 'continue' ? 'goes on' : 'fails the run'
  }
  for (const [field, words] of [
    ['on_error', 'a failure'],
    ['on_timeout', 'the end of its time'],
  ] as const) {
    const [from, to] = [outcome(before, field), outcome(after, field)]
    if (from !== to) sentences.push([name, `: ${words} `, em(from), ' → ', em(to)])
  }
  const ways = (action: Action) => entriesOf(action).map(entryWords)
  if (!sameValue(ways(before), ways(after)))
    sentences.push([name, ': its ways ', em(ways(before).join(', ')), ' → ', em(ways(after).join(', '))])
  else if (!sameValue(conditionsOf(before), conditionsOf(after)))
    sentences.push([name, ': the conditions of its ways are changed'])
  return sentences
}

const conditionsOf = (action: Action) => entriesOf(action).map(({ when }) => when)

function paramDifferences(
  before: Action,
  after: Action,
  titles: ReadonlyMap<string, string> | undefined,
): Phrase[] {
  const name = em(actionName(after, titles))
  if (before.type !== after.type) return [[name, ` is now ${spoken(after.type)}`]]
  const sentences: Phrase[] = []
  if (before.name !== after.name) {
    sentences.push([em(actionName(before, titles)), ' is now called ', name])
  }
  for (const param of new Set([...Object.keys(before.params), ...Object.keys(after.params)])) {
    const [was, is] = [before.params[param], after.params[param]]
    if (sameValue(was, is)) continue
    sentences.push([name, `: ${spoken(param)} `, em(said(was)), ' → ', em(said(is))])
  }
  return sentences
}

function said(value: Json | undefined): string {
  if (value === undefined) return 'nothing'
  return isObject(value) ? shorten(JSON.stringify(value), 40) : valueWords(value)
}
