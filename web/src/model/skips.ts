/** Starts that became no run: why, in words for people, and which of them can be started later. */
import { capital, spoken } from './phrase'
import type { Run } from './runs'

export interface SkippedStart {
  run_id: string
  reason: string
  /** The reason as a sentence. */
  sentence?: string | null
  detail?: string | null
  at: string
  dry_run?: boolean
  trigger?: Run['trigger']
  record?: Run['record']
  /** The run that was started later in its place. */
  started_run_id?: string | null
}

/** How many starts were skipped for a reason, and how many of them can still be started. */
export interface SkipCount {
  reason: string
  number: number
  startable: number
}

const REASONS: Record<string, string> = {
  paused: 'Paused',
  archived: 'Archived',
  deleted: 'Deleted',
  late: 'Too late',
  duplicate: 'Came twice',
  sandbox_off: 'Sandbox off',
  loop_guard: 'Loop guard',
}

/** A reason as a chip shows it. */
export const reasonWord = (reason: string): string => REASONS[reason] ?? capital(spoken(reason))

/** Whether it can be started now: what a pause skipped, once, and only live. */
export const isStartable = ({ reason, started_run_id, dry_run }: SkippedStart): boolean =>
  reason === 'paused' && !started_run_id && !dry_run

export const startCount = (count: number): string =>
  count === 1 ? '1 start' : `${count.toLocaleString('en')} starts`

/** The text as a whole sentence. */
export const asSentence = (text: string): string =>
  /[.!?]$/.test(text) ? capital(text) : `${capital(text)}.`

/** Why a start was skipped: the sentence, and what else is known. */
export function whySkipped({ sentence, detail, reason }: SkippedStart): string {
  const words = sentence || detail || reasonWord(reason)
  return detail && detail !== words ? `${asSentence(words)} ${asSentence(detail)}` : asSentence(words)
}

/** What the loop guard did, as the head of its banner. */
export const loopGuardWords = (count: number): string =>
  `The loop guard refused ${startCount(count)}: it looks as if this automation starts itself`
