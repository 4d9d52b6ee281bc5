/** A run and its steps as they are read over REST, and what they say in a sentence. */

import { type Action, type AutomationDocument, findAction, isObject } from './document'
import { type Edge, edgesOf } from './edges'
import { clockTime, durationWords } from './moments'
import { capital, em, type Phrase, shorten, spoken } from './phrase'

export type RunStatus = 'running' | 'completed' | 'failed' | 'cancelled'
export type StepStatus = 'pending' | 'running' | 'waiting' | 'completed' | 'failed' | 'skipped' | 'cancelled'

/** A light of the canvas or a table: what something is doing, the state that a person sees. */
export type Light = StepStatus | 'not_reached'

export const stepLight = ({ status, reason }: Pick<Step, 'status' | 'reason'>): Light =>
  reason === 'path_not_taken' ? 'not_reached' : status

/** The light of an action outside of loops, by its id. */
export type Lights = (action: string) => Light

/** The lights of a run's actions; one that the run did not come to may still be reached, until the run has ended. */
export function lightsOf({ status, steps = [] }: Pick<Run, 'status' | 'steps'>): Lights {
  const known = new Map(steps.filter(({ path, id }) => path === id).map((step) => [step.id, stepLight(step)]))
  return (action) => known.get(action) ?? (status === 'running' ? 'pending' : 'not_reached')
}

/** A name for an edge, as it is drawn. */
export const edgeId = ({ source, target, kind, place }: Edge): string => `${source}>${target}:${kind}${place}`

/** The edges that a run went along, by what each step came to; by `edgeId`. */
export function takenEdges(document: AutomationDocument, steps: readonly Step[] = []): Set<string> {
  const byPath = new Map(steps.map((step) => [step.path, step]))
  const taken = edgesOf(document).filter((edge) => {
    if (edge.kind === 'start') return steps.some(({ status }) => status !== 'pending')
    const [action, step] = [findAction(document, edge.source), byPath.get(edge.source)]
    return action !== undefined && step !== undefined && isLive(edge, action, step)
  })
  return new Set(taken.map(edgeId))
}

function isLive({ kind, place }: Edge, action: Action, { status, reason, output, error }: Step): boolean {
  if (kind === 'branch' || kind === 'otherwise') {
    const entry = isObject(output) ? output.entry : undefined
    return status === 'completed' && (kind === 'branch' ? entry === place + 1 : entry === null)
  }
  const isLate = error?.kind === 'timeout' && action.on_timeout !== undefined
  const outcome = isLate ? action.on_timeout : action.on_error
  if (kind === 'error') return status === 'failed' && !isLate
  if (kind === 'timeout') return status === 'failed' && isLate
  if (status === 'failed') return outcome === 'continue'
  return status === 'completed' || (status === 'skipped' && reason !== 'path_not_taken')
}

/** How far the loops of a run came, by their path: “3 of 5 items”. */
export function progressOf(steps: readonly Step[] = []): Map<string, string> {
  const progress = new Map<string, string>()
  for (const step of steps) {
    if (step.type !== 'for_each' || step.status === 'pending') continue
    const [input, output] = [step.input, step.output] as Array<{ items?: unknown } | null | undefined>
    const ended = Array.isArray(output?.items)
      ? output.items.filter((item) => (item as { status?: string } | null)?.status === 'completed').length
      : itemsDone(step.path, steps)
    const listed = Array.isArray(input?.items) ? input.items : output?.items
    if (Array.isArray(listed)) progress.set(step.path, `${ended} of ${listed.length} items`)
  }
  return progress
}

/** How many items of a loop had all their steps so far end. */
function itemsDone(loop: string, steps: readonly Step[]): number {
  const open = new Map<string, boolean>()
  for (const { path, status } of steps) {
    if (!path.startsWith(`${loop}[`)) continue
    const item = path.slice(0, path.indexOf(']', loop.length))
    const isOpen = status === 'running' || status === 'waiting' || status === 'pending'
    open.set(item, isOpen || (open.get(item) ?? false))
  }
  return [...open.values()].filter((isOpen) => !isOpen).length
}

/** The action outside of loops that a step belongs to: itself, or the loop around it. */
export const topOf = ({ path }: Pick<Step, 'path'>): string => path.replace(/\[.*$/, '')

/** Which item of which loop a step belongs to, the outermost first: of `each[3].notify` “item 4”. */
export const itemWords = (path: string): string =>
  [...path.matchAll(/\[(\d+)\]/g)].map(([, index]) => `item ${Number(index) + 1}`).join(', ')

export interface StepError {
  kind?: string
  message: string
  retryable?: boolean
  detail?: unknown
}

/** One try at a step's effect; one that has not begun has no start, and the one before says when it will. */
export interface Attempt {
  number: number
  status: StepStatus
  started_at: string | null
  ended_at: string | null
  error?: StepError | null
  next_at?: string | null
}

export interface Step {
  id: string
  path: string
  type: string
  name?: string | null
  status: StepStatus
  /** Why it was skipped: its own conditions did not hold, or no way led to it. */
  reason?: 'when_false' | 'path_not_taken' | null
  attempts: number
  /** Each attempt by itself; only where one run is read. */
  attempts_made?: Attempt[]
  input?: unknown
  request?: unknown
  output?: unknown
  error?: StepError | null
  notes?: string[] | null
  started_at?: string | null
  ended_at?: string | null
  duration?: number | null
}

export interface Waiting {
  for: string
  path?: string | null
  task_id?: string | null
  since: string
  due_at?: string | null
}

export interface Run {
  id: string
  automation_id: string
  /** Nothing for a test of a document that was never published. */
  version: number | null
  status: RunStatus
  dry_run: boolean
  mode?: string
  trigger: { event_id?: string | null; type?: string | null; [more: string]: unknown }
  record?: { object?: string | null; id: string } | null
  started_at: string
  ended_at?: string | null
  duration?: number | null
  waiting?: Waiting | null
  error?: StepError | null
  steps?: Step[]
  cause?: string | null
  /** The run that this one was begun again from. */
  rerun_of?: string | null
  reruns?: string[]
  /** The whole event that started it; only where one run is read. */
  event?: Record<string, unknown> | null
}

/** The light of a run: one that waits shows so, though it is running. */
export function lightOf(run: Pick<Run, 'status' | 'waiting'>): Light {
  return run.status === 'running' && run.waiting ? 'waiting' : run.status
}

export const stepName = (step: Pick<Step, 'name' | 'type'>): string => step.name || capital(spoken(step.type))

/** What a run is about: “case 5001”. */
export function recordName(record: Run['record']): string {
  if (!record) return 'no record'
  return `${record.object ? `${spoken(record.object)} ` : ''}${shorten(record.id, 60)}`
}

/** The address part of a record: “case/5001”, as the list of runs is filtered by it. */
export const recordKey = (record: NonNullable<Run['record']>): string =>
  `${record.object ? `${record.object}/` : ''}${record.id}`

export function waitingPhrase(run: Pick<Run, 'waiting' | 'steps' | 'record'>, now: number): Phrase {
  const { waiting } = run
  if (!waiting) return []
  if (waiting.for === 'turn')
    return ['Waiting for ', em('its turn'), `: an earlier run for ${recordName(run.record)} is under way`]
  const step = run.steps?.find(
    (candidate) => candidate.path === waiting.path || candidate.status === 'waiting',
  )
  const what =
    waiting.for === 'task'
      ? 'somebody to complete '
      : waiting.for === 'notification'
        ? 'the delivery of '
        : ''
  if (waiting.for === 'time' && waiting.due_at) {
    const at = step ? [' at ', em(stepName(step))] : []
    return [
      `Waiting until ${clockTime(waiting.due_at, now)}`,
      ...at,
      `, since ${clockTime(waiting.since, now)}`,
    ]
  }
  const name = step ? stepName(step) : waiting.for === 'task' ? 'a task' : spoken(waiting.for)
  const due = waiting.due_at ? [`, due ${clockTime(waiting.due_at, now)}`] : []
  return [`Waiting for ${what}`, em(name), `, since ${clockTime(waiting.since, now)}`, ...due]
}

/** “Failed at *Send email* after 3 attempts: mailbox refused”. */
export function runPhrase(run: Run, now: number): Phrase {
  const steps = run.steps ?? []
  const dry = run.dry_run ? 'Dry run: ' : ''
  const say = (words: string) => (dry ? dry + words.charAt(0).toLowerCase() + words.slice(1) : words)
  if (run.status === 'failed') {
    const step = steps.find((candidate) => candidate.status === 'failed')
    const message = step?.error?.message ?? run.error?.message
    const attempts = step && step.attempts > 1 ? ` after ${step.attempts} attempts` : ''
    const where: Phrase = step ? [say('Failed at '), em(stepName(step)), attempts] : [say('Failed')]
    return message ? [...where, `: ${message}`] : where
  }
  if (run.status === 'completed') {
    const count = steps.filter((step) => step.status === 'completed').length
    const within = run.duration == null ? '' : ` in ${durationWords(run.duration)}`
    return [say('Completed '), em(`${count} ${count === 1 ? 'step' : 'steps'}`), within]
  }
  if (run.status === 'cancelled')
    return [say('Cancelled'), run.error?.message ? `: ${run.error.message}` : '']
  if (run.waiting) {
    const [first, ...rest] = waitingPhrase(run, now)
    return [say(String(first)), ...rest]
  }
  const step = steps.find((candidate) => candidate.status === 'running')
  return step
    ? [say('Performing '), em(stepName(step))]
    : [say('Started, and about to perform the first step')]
}
