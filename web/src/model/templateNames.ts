/** The names that a text may hold in double braces at a step, with values of a recent event; pure. */
import {
  type Action,
  type AutomationDocument,
  isObject,
  type Json,
  listAround,
  loopsAround,
} from './document'
import { edgesOf, isReachable } from './edges'
import type { KnownField } from './events'
import { valueWords } from './sentences'

export interface TemplateName {
  name: string
  /** What it was in a recent event, where one was seen. */
  sample?: Json | undefined
}

const OF_EVENT = ['event.type', 'event.time', 'event.id']

/** What can be named at an action: the record, the event, and what the steps before it left. */
export function namesAt(
  document: AutomationDocument,
  id: string,
  fields: readonly KnownField[],
  outputsOf: (type: string) => readonly string[],
): TemplateName[] {
  const ofRecord = fields
    .filter(({ path }) => /^[\w.]+$/.test(path) && !path.startsWith('changes.'))
    .map(({ path, examples }) => ({
      name: path.startsWith('record.') ? path : `record.${path}`,
      sample: examples[0],
    }))
  const before = actionsBefore(document, id)
  const ofSteps = before.flatMap((action) =>
    outputsOf(action.type).map((name) => ({ name: `steps.${action.id}.output.${name}` })),
  )
  const isInLoop = (loopsAround(document.actions, id)?.length ?? 0) > 0
  const ofLoop = isInLoop ? [{ name: 'item' }, { name: 'index' }] : []
  const set = before.flatMap(({ type, params }) =>
    type === 'set' && isObject(params.values) ? Object.keys(params.values) : [],
  )
  const ofVars = [...new Set(set)].map((name) => ({ name: `vars.${name}` }))
  return [...ofLoop, ...ofRecord, ...ofVars, ...ofSteps, ...OF_EVENT.map((name) => ({ name }))]
}

/** The actions from which a way leads to this one, in its own list and in those around its loops. */
function actionsBefore(document: AutomationDocument, id: string): Action[] {
  const around = (loopsAround(document.actions, id) ?? []).map((loop) => loop.id)
  return [...around, id].flatMap((own) => {
    const list = listAround(document, own)
    const edges = edgesOf(list)
    return list.actions.filter((action) => action.id !== own && isReachable(edges, action.id, own))
  })
}

/** What is typed of a name at the caret, from where; nothing outside of open braces. */
export function openName(text: string, caret: number): { start: number; typed: string } | null {
  const [, typed] = /\{\{\s*([\w.]*)$/.exec(text.slice(0, caret)) ?? []
  return typed === undefined ? null : { start: caret - typed.length, typed }
}

/** The text with a name in the place of what is typed of it, and where the caret stands afterwards. */
export function insertName(text: string, caret: number, name: string): { text: string; caret: number } {
  const open = openName(text, caret)
  if (!open) return { text, caret }
  const before = text.slice(0, open.start).replace(/\{\{$/, '{{ ')
  const after = text.slice(caret).replace(/^[\w.]*/, '')
  const isClosed = /^\s*(\}\}|\|)/.test(after)
  const inserted = before + name + (isClosed ? '' : ' }}')
  return { text: inserted + after, caret: inserted.length }
}

/** The text with the values of a recent event; nothing where it holds no name, or none that is known. */
export function previewText(text: string, names: readonly TemplateName[]): string | null {
  const samples = new Map(names.map(({ name, sample }) => [name, sample]))
  let isFilled = false
  const filled = text.replace(/\{\{\s*([\w.]+)\s*\}\}/g, (whole, name: string) => {
    const sample = samples.get(name)
    if (sample === undefined || sample === null) return whole
    isFilled = true
    return typeof sample === 'string' ? sample : valueWords(sample)
  })
  return isFilled ? filled : null
}
