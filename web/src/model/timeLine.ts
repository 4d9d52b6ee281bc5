/**
 * Where the time of a run went: for each step its attempts, the pauses between them and its waits, as bars on one scale.
 * The same bars are drawn, and read out as a table; their words hold the exact times.
 */
import { isObject } from './document'
import { durationWords, exactClock, exactSpan } from './moments'
import { spoken } from './phrase'
import { itemWords, type Run, type Step, type StepStatus, stepName } from './runs'

/** An attempt is work; everything else is waiting, each for something of its own. */
export type BarKind = 'attempt' | 'pause' | 'person' | 'time' | 'event' | 'turn'

export interface Bar {
  kind: BarKind
  /** What it came to. */
  status: StepStatus
  /** Milliseconds since 1970. */
  from: number
  to: number
  /** Whether it goes on. */
  isOpen: boolean
  /** “Attempt 2 of 3”, “Waiting for Support leads”. */
  what: string
  /** The exact times and how long it took. */
  when: string
  /** Why it failed, or when it goes on. */
  note: string | null
}

export interface TimeRow {
  /** The step's path; nothing for the wait before the first step. */
  path: string | null
  name: string
  status: StepStatus
  attempts: number
  bars: Bar[]
}

export interface TimeLine {
  from: number
  to: number
  rows: TimeRow[]
}

export function timeLineOf(run: Run, now: number): TimeLine {
  const steps = (run.steps ?? []).filter(
    ({ reason, status }) => reason !== 'path_not_taken' && status !== 'pending',
  )
  const rows: TimeRow[] = steps.map((step) => ({
    path: step.path,
    name: [stepName(step), itemWords(step.path)].filter(Boolean).join(', '),
    status: step.status,
    attempts: step.attempts,
    bars: barsOf(step, now),
  }))
  const before = beforeSteps(run, steps, now)
  if (before)
    rows.unshift({
      path: null,
      name: before.isOpen ? 'Its turn' : 'Before the first step',
      status: before.status,
      attempts: 0,
      bars: [before],
    })
  const from = Date.parse(run.started_at)
  const ends = rows.flatMap(({ bars }) => bars.map(({ to }) => to))
  return { from, to: Math.max(run.ended_at ? Date.parse(run.ended_at) : now, ...ends, from + 1), rows }
}

/** A pause before the first step that is worth a row. */
const WORTH_MS = 1_000

/** The wait for earlier runs of the same record, or what lay between the start and the first step. */
function beforeSteps(run: Run, steps: readonly Step[], now: number): Bar | null {
  if (run.waiting?.for === 'turn' && run.status === 'running') {
    const since = Date.parse(run.waiting.since)
    return bar('turn', 'waiting', since, Math.max(now, since), true, 'Waiting for its turn', null)
  }
  const from = Date.parse(run.started_at)
  const first = Math.min(...steps.flatMap(({ started_at }) => (started_at ? [Date.parse(started_at)] : [])))
  if (!Number.isFinite(first) || first - from < WORTH_MS) return null
  return bar('turn', 'completed', from, first, false, 'Waited to begin', null)
}

function barsOf(step: Step, now: number): Bar[] {
  if (!step.started_at) return []
  const from = Date.parse(step.started_at)
  const isOpen = !step.ended_at
  const to = Math.max(step.ended_at ? Date.parse(step.ended_at) : now, from)
  const wait = waitOf(step)
  if (wait) {
    const note = step.status === 'failed' ? (step.error?.message ?? null) : null
    return [bar(wait.kind, step.status, from, to, isOpen, wait.what(isOpen), note)]
  }
  const made = step.attempts_made ?? []
  if (made.length < 2) {
    const what =
      step.type === 'for_each' ? 'All its items' : step.status === 'skipped' ? 'Skipped' : 'Attempt 1'
    const note = step.status === 'failed' ? (step.error?.message ?? null) : null
    return [bar('attempt', step.status, from, to, isOpen, what, note)]
  }
  const bars: Bar[] = []
  for (const [place, attempt] of made.entries()) {
    const before = made[place - 1]
    const paused = before?.ended_at ? Date.parse(before.ended_at) : null
    const began = attempt.started_at ? Date.parse(attempt.started_at) : null
    if (paused !== null) bars.push(pauseOf(paused, began, attempt.number, before?.next_at, to, isOpen))
    if (began === null) continue
    const ended = attempt.ended_at ? Date.parse(attempt.ended_at) : null
    const what = `Attempt ${attempt.number} of ${made.length}`
    bars.push(
      bar(
        'attempt',
        attempt.status,
        began,
        Math.max(ended ?? now, began),
        ended === null,
        what,
        attempt.error?.message ?? null,
      ),
    )
  }
  return bars
}

function pauseOf(
  from: number,
  began: number | null,
  number: number,
  nextAt: string | null | undefined,
  end: number,
  isOpen: boolean,
): Bar {
  const goesOn = began === null && isOpen
  const note = goesOn && nextAt ? `It is tried again at ${exactClock(nextAt)}.` : null
  return bar(
    'pause',
    goesOn ? 'waiting' : 'completed',
    from,
    Math.max(began ?? end, from),
    goesOn,
    `Pause before attempt ${number}`,
    note,
  )
}

/** What a step waits for by its nature, if it is one that waits. */
function waitOf({ type, input, status }: Step): { kind: BarKind; what: (isOpen: boolean) => string } | null {
  const say = (what: string) => (isOpen: boolean) => `${isOpen ? 'Waiting' : 'Waited'} for ${what}`
  if (status === 'skipped') return null
  if (type === 'human_task') return { kind: 'person', what: say(peopleOf(input)) }
  if (type === 'delay') return { kind: 'time', what: say('the time to pass') }
  if (type.startsWith('wait')) return { kind: 'event', what: say('an event') }
  return null
}

/** Who may complete a task: “Kim”, “Support leads, Finance”, else “somebody”. */
function peopleOf(input: unknown): string {
  const { assignee, groups } = isObject(input) ? (input as { assignee?: unknown; groups?: unknown }) : {}
  const names = [assignee, ...(Array.isArray(groups) ? groups : [])].filter(
    (name): name is string => typeof name === 'string' && name !== '',
  )
  return names.length > 0 ? names.map(spoken).join(', ') : 'somebody'
}

function bar(
  kind: BarKind,
  status: StepStatus,
  from: number,
  to: number,
  isOpen: boolean,
  what: string,
  note: string | null,
): Bar {
  const lasted = durationWords((to - from) / 1000)
  const when = isOpen ? `since ${exactClock(from)}, ${lasted} so far` : `${exactSpan(from, to)}, ${lasted}`
  return { kind, status, from, to, isOpen, what, when, note }
}
