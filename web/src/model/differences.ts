/** What changed between two documents, in sentences: for the sandbox, the publish dialog and the list of versions. */
import { type Part, readTree, writtenPart } from './conditions'
import { type Action, type AutomationDocument, isObject, type Json, sameValue } from './document'
import { chainsOf } from './edges'
import { em, type Phrase, shorten, spoken } from './phrase'
import {
  actionName,
  actionPhrase,
  conditionPhrase,
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
  const was = new Map(before.actions.map((action) => [action.id, action]))
  const is = new Map(after.actions.map((action) => [action.id, action]))
  const sentences: Phrase[] = []
  for (const action of before.actions) {
    if (!is.has(action.id)) sentences.push(['Removed ', em(actionName(action, titles))])
  }
  for (const action of after.actions) {
    const old = was.get(action.id)
    if (!old) sentences.push(['Added ', em(actionName(action, titles)), ': ', ...actionPhrase(action)])
    else sentences.push(...paramDifferences(old, action, titles))
  }
  const order = (document: AutomationDocument) =>
    (chainsOf(document) ?? [document.actions.map((action) => action.id)])
      .map((chain) => chain.filter((id) => was.has(id) && is.has(id)).join('>'))
      .filter(Boolean)
  if (!sameValue(order(before), order(after))) sentences.push(['The order of the actions is changed'])
  return sentences
}

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
