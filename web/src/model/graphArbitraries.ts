/** Random documents that are graphs, for the property tests of the model. */
import fc from 'fast-check'
import type { Action, AutomationDocument, Json } from './document'

interface Seed {
  type: string
  picks: number[]
  inner: Seed[]
  when: Json | undefined
}

const FAILING = ['send_email', 'human_task', 'for_each', 'delay']

const seeds = (depth: number): fc.Arbitrary<Seed[]> =>
  fc.array(
    fc.record({
      type: fc.constantFrom(...FAILING.filter((type) => depth > 0 || type !== 'for_each'), 'branch', 'stop'),
      picks: fc.array(fc.nat(), { minLength: 7, maxLength: 7 }),
      inner: depth > 0 ? seeds(depth - 1) : fc.constant<Seed[]>([]),
      when: fc.constantFrom<Json | undefined>(undefined, undefined, null, { a: 1 }, { any: [{ b: 'x' }] }),
    }),
    { minLength: 1, maxLength: depth === 2 ? 6 : 3 },
  )

/** A list of actions in which edges of every kind lead forward, written in the forms that a file may have. */
function written(list: readonly Seed[], prefix: string): Action[] {
  const ids = list.map(({ type }, index) => `${prefix}${type}_${index}`)
  return list.map(({ type, picks, inner, when }, index) => {
    const draw = (number: number): number => picks[number] ?? 0
    const later = ids.slice(index + 1)
    const one = (number: number): string | null => later[draw(number) % (later.length + 1)] ?? null
    const several = (number: number): string[] | string | null => {
      const found = [...new Set([one(number), one(number + 1)])].filter((id) => id !== null)
      return found.length === 0 ? null : found.length === 1 && draw(5) % 2 === 0 ? (found[0] ?? null) : found
    }
    const action: Action = { id: ids[index] ?? '', type, params: {}, 'x-owner': 'us' }
    if (type === 'branch') {
      const [first, second, otherwise] = [one(0), one(1), one(2)]
      const high = { when: { priority: 'high' }, next: first, name: 'High', 'x-kept': 1 }
      const branches = [high, { when: when ?? {}, next: second }]
      return { ...action, branches, ...(otherwise ? { otherwise } : {}) }
    }
    if (when !== undefined) action.when = when
    const isLeading = type !== 'stop' || (when !== undefined && when !== null)
    if (isLeading && draw(4) % 3 !== 0) action.next = several(0)
    const failing = several(2)
    if (failing && FAILING.includes(type)) action.on_error = { next: failing }
    const late = one(6)
    if (type === 'human_task')
      Object.assign(action, { timeout: '1d', on_timeout: late ? { next: late } : 'continue' })
    if (type === 'for_each')
      Object.assign(action, { items: 'record.all', actions: written(inner, `${ids[index]}_`) })
    return action
  })
}

/** A document with branches, joins, paths side by side, loops, and ways after a failure. */
export const graphs: fc.Arbitrary<AutomationDocument> = fc
  .tuple(seeds(2), fc.boolean())
  .map(([list, isArranged]) => {
    const actions = written(list, '')
    const positions = { [actions[0]?.id ?? '']: { x: 40, y: 90 } }
    const layout = isArranged ? { layout: { positions, zoom: 1 } } : {}
    return { name: 'Graph', trigger: { event: 'case.created' }, actions, ...layout }
  })
