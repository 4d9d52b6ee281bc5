/** Acts on many runs at once: which of the chosen runs each is for, and what it says before, meanwhile and afterwards. */
import type { RunStatus } from './runs'

export type MassActKind = 'cancel' | 'rerun'

export interface MassAct {
  id: string
  act: MassActKind
  status: 'under_way' | 'ended'
  total: number
  done: number
  failed: number
  /** The first of those that failed, each with its reason. */
  errors: Array<{ run_id: string; detail: string }>
}

/** How many runs have which status. */
export type StatusCounts = Partial<Record<RunStatus, number>>

export const runCount = (count: number): string =>
  count === 1 ? '1 run' : `${count.toLocaleString('en')} runs`

/** Of counted runs, how many an act is for: a cancellation for those under way, a rerun for those that have ended. */
export function fitFor(act: MassActKind, counts: StatusCounts): number {
  const running = counts.running ?? 0
  const all = Object.values(counts).reduce((sum, count) => sum + count, 0)
  return act === 'cancel' ? running : all - running
}

export const countStatuses = (statuses: readonly RunStatus[]): StatusCounts => {
  const counts: StatusCounts = {}
  for (const status of statuses) counts[status] = (counts[status] ?? 0) + 1
  return counts
}

/** What an act means, before it is begun. */
export function actConsequences(act: MassActKind, fit: number, chosen: number): string[] {
  const left = chosen - fit
  const those =
    left === 1 ? 'The other one that is selected' : `The other ${left.toLocaleString('en')} that are selected`
  if (act === 'cancel')
    return [
      `${fit === 1 ? '1 run that is' : `${fit.toLocaleString('en')} runs that are`} under way ${fit === 1 ? 'ends' : 'end'}, and no further step of ${fit === 1 ? 'it' : 'them'} begins.`,
      'What was sent stays sent. Steps that are under way are waited for.',
      'Open tasks and waits of these runs are withdrawn.',
      ...(left > 0
        ? [`${those} ${left === 1 ? 'has' : 'have'} ended, and ${left === 1 ? 'stays' : 'stay'} so.`]
        : []),
    ]
  return [
    `${fit === 1 ? 'A new run begins' : `${fit.toLocaleString('en')} new runs begin`}, each with the event of the run that it repeats. All steps are performed again.`,
    'Live runs do what they do once more: mails, updates, calls. Dry runs stay dry.',
    'The runs that are repeated stay as they are.',
    ...(left > 0
      ? [`${those} ${left === 1 ? 'is' : 'are'} under way, and ${left === 1 ? 'is' : 'are'} left alone.`]
      : []),
  ]
}

/** “Cancelling 12 runs: 7 done, 1 failed”, “12 runs cancelled”, “11 of 12 runs cancelled, 1 failed”. */
export function actWords({ act, status, total, done, failed }: MassAct): string {
  const [doing, finished] = act === 'cancel' ? ['Cancelling', 'cancelled'] : ['Rerunning', 'begun again']
  if (status === 'under_way') {
    const told = [
      `${done.toLocaleString('en')} done`,
      ...(failed > 0 ? [`${failed.toLocaleString('en')} failed`] : []),
    ]
    return `${doing} ${runCount(total)}: ${told.join(', ')}`
  }
  if (total === 0) return 'No run was left to act on'
  if (failed === 0) return `${runCount(total)} ${finished}`
  return `${done.toLocaleString('en')} of ${runCount(total)} ${finished}, ${failed.toLocaleString('en')} failed`
}
