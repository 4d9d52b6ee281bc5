/** Random documents and operations, for the property tests of the model. */
import fc from 'fast-check'
import {
  type Action,
  type AutomationDocument,
  allActions,
  freeId,
  type Json,
  newAction,
  TRIGGER,
} from './document'
import { entryPort, type Port } from './edges'
import type { Operation } from './operations'

const TYPES = ['send_email', 'create_task', 'assign_to_queue', 'human_task']
const json = fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<Json>

const FIELDS = ['priority', 'amount', 'owner.email', 'record.all', 'tags', '__proto__']
const scalars = fc.oneof(
  fc.constantFrom('critical', '', 'a b'),
  fc.integer({ min: -3, max: 3 }),
  fc.boolean(),
)
const operands = fc
  .subarray(['eq', 'ne', 'gte', 'lt', 'in', 'contains', 'exists', 'changed_to'], {
    minLength: 1,
    maxLength: 2,
  })
  .chain((names) =>
    fc.tuple(...names.map((name) => fc.tuple(fc.constant(name), operandOf(name)))).map(Object.fromEntries),
  )
const operandOf = (name: string): fc.Arbitrary<Json> =>
  name === 'in'
    ? fc.array(scalars, { minLength: 1, maxLength: 3 })
    : name === 'exists'
      ? fc.boolean()
      : scalars
const withOption = fc.option(fc.boolean(), { nil: undefined })

/** Conditions in every spelling: plain values, lists, operators, groups, lists of groups, null. */
export const conditions: fc.Arbitrary<Json> = fc.letrec<{ group: Json; mapping: Json; clause: Json }>(
  (tie) => ({
    clause: fc.oneof(
      scalars,
      fc.constant(null),
      fc.array(scalars, { minLength: 1, maxLength: 3 }),
      fc
        .tuple(operands, withOption)
        .map(([ops, option]) => (option === undefined ? ops : { ...ops, ignore_case: option })),
    ),
    mapping: fc
      .tuple(
        fc.dictionary(fc.constantFrom(...FIELDS), tie('clause'), { maxKeys: 3 }),
        fc.record(
          {
            all: fc.array(tie('group'), { minLength: 1, maxLength: 3 }),
            any: fc.array(tie('group'), { minLength: 1, maxLength: 3 }),
            not: tie('group'),
          },
          { requiredKeys: [] },
        ),
      )
      .map(([clauses, groups]) => ({ ...clauses, ...groups }) as Json),
    group: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      fc.dictionary(fc.constantFrom(...FIELDS), tie('clause'), {
        minKeys: 1,
        maxKeys: 2,
      }) as fc.Arbitrary<Json>,
      tie('mapping'),
      fc.array(tie('mapping'), { minLength: 1, maxLength: 2 }) as fc.Arbitrary<Json>,
    ),
  }),
).group

/** A plain sequence as the API or a YAML file may have it, with fields that the builder does not know. */
export const documents: fc.Arbitrary<AutomationDocument> = fc
  .record({
    name: fc.string(),
    description: fc.option(fc.string(), { nil: undefined }),
    event: fc.constantFrom('case.created', 'opportunity.stage_changed', 'case.*', [
      'case.created',
      'case.closed',
    ]),
    conditions,
    top: fc.option(conditions, { nil: undefined }),
    types: fc.array(fc.tuple(fc.constantFrom(...TYPES), json), { maxLength: 6 }),
    extra: json,
  })
  .map(({ types, event, conditions, top, extra, description, ...rest }) => {
    const ids: string[] = []
    const actions = types.map(([type, value]): Action => {
      const id = freeId(ids, type)
      ids.push(id)
      return { id, type, params: { subject: value }, 'x-owner': 'us' }
    })
    const trigger = { event, conditions }
    const document: AutomationDocument = { ...rest, trigger, actions, 'x-extra': extra }
    if (top !== undefined) document.conditions = top
    if (description !== undefined) document.description = description
    return document
  })

/** An operation drawn by numbers, so that it fits whatever document it meets. */
export interface Draw {
  kind: number
  one: number
  other: number
  value: Json
}

export const draws: fc.Arbitrary<Draw> = fc.record({
  kind: fc.nat(20),
  one: fc.nat(),
  other: fc.nat(),
  value: json,
})

const NEW_TYPES = [...TYPES, 'branch', 'stop', 'for_each', 'delay']
const PORTS: Port[] = ['next', 'next', 'otherwise', 'error', 'timeout', entryPort(0), entryPort(1)]

export function operationOf(document: AutomationDocument, { kind, one, other, value }: Draw): Operation {
  const all = allActions(document.actions)
  const ids = all.map((action) => action.id)
  const pick = <T>(number: number, list: readonly T[]): T | undefined => list[number % list.length]
  const id = pick(one, ids) ?? 'nobody'
  const place = pick(other, [TRIGGER, ...ids]) ?? TRIGGER
  const near = pick(one, [place, id]) ?? id
  const port = portFor(all, place, one)
  const action = newAction(document, pick(one, NEW_TYPES) ?? '')
  const within = all.find((each) => each.type === 'for_each' && other % 2 === 0)?.id
  const outcome = pick<Json | undefined>(other, ['continue', undefined, { any: [{ a: 1 }] }])
  const options: Operation[] = [
    { kind: 'rename', name: JSON.stringify(value) },
    { kind: 'describe', description: JSON.stringify(value) },
    { kind: 'setTrigger', event: pick(one, ['case.created', 'case.closed']) ?? '' },
    { kind: 'setConditions', conditions: { priority: value } },
    { kind: 'addAction', action, after: place },
    { kind: 'addAction', action, after: place, port },
    { kind: 'addAction', action, after: TRIGGER, within },
    { kind: 'removeAction', id },
    { kind: 'moveAction', id, after: place },
    { kind: 'renameAction', id, name: JSON.stringify(value) },
    { kind: 'setParam', id, name: 'subject', value },
    {
      kind: 'setField',
      id,
      name: pick(one, ['on_error', 'on_timeout']) ?? '',
      value: outcome === 'continue' ? outcome : undefined,
    },
    { kind: 'setField', id, name: 'when', value: outcome === 'continue' ? undefined : outcome },
    { kind: 'connect', source: place, target: id },
    { kind: 'connect', source: place, target: near, port },
    { kind: 'disconnect', source: place, target: id, port },
    { kind: 'addEntry', id },
    { kind: 'removeEntry', id, entry: other % 3 },
    { kind: 'moveEntry', id, entry: other % 3, to: one % 3 },
    { kind: 'place', positions: { [id]: { x: one % 900, y: other % 900 } } },
    { kind: 'tidyUp' },
  ]
  return options[kind % options.length] as Operation
}

/** A way out that the action can have. */
function portFor(actions: readonly Action[], id: string, number: number): Port | undefined {
  const action = actions.find((each) => each.id === id)
  if (action?.type !== 'branch') return PORTS[number % 5] === 'otherwise' ? 'next' : PORTS[number % 5]
  const entries = Array.isArray(action.branches) ? action.branches.length : 0
  return number % 2 === 0 || entries === 0 ? 'otherwise' : entryPort(number % entries)
}
