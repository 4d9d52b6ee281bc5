/** Where the time of a run went: a bar for each step on one scale; waiting is hatched. */
import { useNow } from '../components/Moment'
import { durationWords } from '../model/moments'
import { itemWords, type Run, type Step, stepName } from '../model/runs'

interface Props {
  run: Run
  selected: string | null
  onSelect: (path: string) => void
}

export function TimeLine({ run, selected, onSelect }: Props) {
  const now = useNow()
  const steps = (run.steps ?? []).filter((step) => step.reason !== 'path_not_taken')
  const start = Date.parse(run.started_at)
  const end = Math.max(
    ...steps.map((step) => endOf(step, now)),
    run.ended_at ? Date.parse(run.ended_at) : now,
    start + 1,
  )
  return (
    <ol className="timeline" aria-label="Steps, in time">
      {steps.map((step) => {
        const from = step.started_at ? Date.parse(step.started_at) : null
        const left = from === null ? 0 : ((from - start) / (end - start)) * 100
        const width = from === null ? 0 : ((endOf(step, now) - from) / (end - start)) * 100
        return (
          <li key={step.path}>
            <button type="button" aria-pressed={selected === step.path} onClick={() => onSelect(step.path)}>
              <span className="timeline-name" title={stepWords(step)}>
                {stepWords(step)}
              </span>
              <span className="timeline-track" aria-hidden>
                {from !== null && (
                  <i
                    data-light={isWait(step) ? 'waiting' : step.status}
                    data-ended={isWait(step) && step.ended_at ? true : undefined}
                    style={{ left: `${Math.min(left, 99)}%`, width: `${Math.max(width, 0.8)}%` }}
                  />
                )}
              </span>
              <span className="timeline-time">
                {step.duration == null ? '–' : durationWords(step.duration)}
                {step.attempts > 1 && <small>{step.attempts} attempts</small>}
              </span>
            </button>
          </li>
        )
      })}
    </ol>
  )
}

const stepWords = (step: Step): string => [stepName(step), itemWords(step.path)].filter(Boolean).join(', ')

/** Whether its time is spent waiting, for a person or for a moment. */
const isWait = ({ type, status }: Step): boolean =>
  status !== 'failed' && status !== 'skipped' && (type === 'human_task' || type === 'delay')

function endOf(step: Step, now: number): number {
  if (step.ended_at) return Date.parse(step.ended_at)
  return step.started_at ? Math.max(now, Date.parse(step.started_at)) : 0
}
