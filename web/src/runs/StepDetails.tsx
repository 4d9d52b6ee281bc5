/** One step of a run: what it was given, what was sent, what came back, and why it failed. */
import { Alert, Text } from '@mantine/core'
import type { ReactNode } from 'react'
import { JsonView } from '../components/JsonView'
import { Moment } from '../components/Moment'
import { StateBadge } from '../components/StateBadge'
import { durationWords } from '../model/moments'
import { spoken } from '../model/phrase'
import { itemWords, type Step, stepLight, stepName } from '../model/runs'

const REASONS: Record<NonNullable<Step['reason']>, string> = {
  when_false: 'Its own conditions did not hold, so it was skipped and the path went on.',
  path_not_taken: 'No way that was taken led here.',
}

interface Props {
  step: Step
  isDry: boolean
  /** What can be done with the step. */
  children?: ReactNode
}

export function StepDetails({ step, isDry, children }: Props) {
  return (
    <div className="step-details">
      <div className="step-head">
        <h2>{stepName(step)}</h2>
        <StateBadge state={stepLight(step)} />
        {itemWords(step.path) && <span className="soft">{itemWords(step.path)}</span>}
        {children}
      </div>
      {step.reason && <p className="soft">{REASONS[step.reason]}</p>}
      <p className="soft">
        {step.started_at ? (
          <Moment at={step.started_at} />
        ) : step.status === 'pending' ? (
          'Not reached yet'
        ) : (
          ''
        )}
        {step.duration != null && step.ended_at ? `, took ${durationWords(step.duration)}` : ''}
        {step.attempts > 1 ? `, ${step.attempts} attempts` : ''}
      </p>
      {step.error && (
        <Alert
          color="red"
          variant="default"
          title={step.error.kind ? `Failed: ${spoken(step.error.kind)}` : 'Failed'}
        >
          <Text size="sm">{step.error.message}</Text>
          {hasContent(step.error.detail) && <JsonView label="Error details" value={step.error.detail} />}
        </Alert>
      )}
      {(step.notes ?? []).length > 0 && (
        <ul className="step-notes" aria-label="Notes">
          {(step.notes ?? []).map((note) => (
            <li key={note}>{note}</li>
          ))}
        </ul>
      )}
      <Part title="Input" value={step.input} />
      <Part title={isDry ? 'Request that would have been sent' : 'Request'} value={step.request} />
      <Part title={isDry ? 'Output it went on with' : 'Output'} value={step.output} />
    </div>
  )
}

function Part({ title, value }: { title: string; value: unknown }) {
  if (value === null || value === undefined) return null
  return (
    <section className="step-part">
      <h3>{title}</h3>
      <JsonView label={title} value={value} />
    </section>
  )
}

const hasContent = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && Object.keys(value).length > 0
