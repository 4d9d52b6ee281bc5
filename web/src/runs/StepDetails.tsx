/** One step of a run: what it was given, what was sent, what came back, and why it failed. */
import { Alert, Text } from '@mantine/core'
import { JsonView } from '../components/JsonView'
import { Moment } from '../components/Moment'
import { StateBadge } from '../components/StateBadge'
import { durationWords } from '../model/moments'
import { spoken } from '../model/phrase'
import { type Step, stepName } from '../model/runs'

export function StepDetails({ step, isDry }: { step: Step; isDry: boolean }) {
  return (
    <div className="step-details">
      <div className="step-head">
        <h2>{stepName(step)}</h2>
        <StateBadge state={step.status} />
      </div>
      <p className="soft">
        {step.started_at ? <Moment at={step.started_at} /> : 'Not reached yet'}
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
