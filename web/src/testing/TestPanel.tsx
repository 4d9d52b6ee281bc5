/**
 * Trying the document out before it is published: choose a recent event or write one, see at once whether it would start
 * a run and why, and run it dry. Nothing is sent and nothing is changed.
 */
import {
  ActionIcon,
  Alert,
  Button,
  CopyButton,
  Group,
  JsonInput,
  Select,
  Stack,
  Text,
  Tooltip,
} from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { IconCheck, IconCopy, IconFlask, IconX } from '@tabler/icons-react'
import { useQueries } from '@tanstack/react-query'
import { useEffect, useMemo, useRef, useState } from 'react'
import { queries } from '../api/queries'
import type { EventType, KeptEvent } from '../api/types'
import { useNow } from '../components/Moment'
import { PhraseText } from '../components/PhraseText'
import { StateBadge } from '../components/StateBadge'
import type { AutomationDocument } from '../model/document'
import { inventedEvent, knownFields, meantTypes } from '../model/events'
import { relativeTime } from '../model/moments'
import { itemWords, type Run, runPhrase, type Step, stepLight, stepName } from '../model/runs'
import { StepDetails } from '../runs/StepDetails'
import '../runs/run.css'
import { recordWords } from './ConditionPreview'
import { ExplainedEvent, FailureWords } from './ExplainedEvent'
import './testing.css'
import type { Trial } from './useTrial'

interface Props {
  automationId: string
  document: AutomationDocument
  types: readonly EventType[]
  /** Whether the types were read: before that, nothing is made up in their place. */
  areTypesRead: boolean
  trial: Trial
  /** The step that is looked at, by id. */
  selected: string | null
  onSelect: (id: string | null) => void
  onClose: () => void
}

/** Of how many types the recent events are offered. */
const MOST_TYPES = 6
const OWN = '$own'
const PAUSE_MS = 350

export function TestPanel({
  automationId,
  document,
  types,
  areTypesRead,
  trial,
  selected,
  onSelect,
  onClose,
}: Props) {
  const [asked] = useDebouncedValue(trial.event, PAUSE_MS)
  return (
    <>
      <div className="panel-head">
        <div>
          <h2>Test</h2>
          <p>Try it on an event. Nothing is sent and nothing is changed.</p>
        </div>
        <ActionIcon variant="subtle" color="gray" aria-label="Close the test" onClick={onClose}>
          <IconX size={18} color="var(--ink-soft)" />
        </ActionIcon>
      </div>
      <Stack gap="md" className="panel-body">
        <EventToTest document={document} types={types} areTypesRead={areTypesRead} trial={trial} />
        {asked && (
          <section aria-label="Would it start?">
            <ExplainedEvent automationId={automationId} document={document} event={asked} />
          </section>
        )}
        <Group gap="xs">
          <Button
            leftSection={<IconFlask size={16} />}
            loading={trial.isRunning}
            disabled={trial.event === null}
            onClick={trial.start}
          >
            Run dry
          </Button>
          {trial.run && (
            <Button variant="default" onClick={trial.end}>
              Back to the draft
            </Button>
          )}
        </Group>
        {trial.error != null && (
          <Alert role="alert" color="red" variant="default" title="It cannot be run yet">
            <FailureWords error={trial.error} />
          </Alert>
        )}
        {trial.run && <Outcome run={trial.run} selected={selected} onSelect={onSelect} />}
      </Stack>
    </>
  )
}

function EventToTest({
  document,
  types,
  areTypesRead,
  trial,
}: Pick<Props, 'document' | 'types' | 'areTypesRead' | 'trial'>) {
  const now = useNow()
  const meant = useMemo(() => meantTypes(document, types), [document, types])
  const seen = meant.filter(({ sampled }) => (sampled ?? 0) > 0).slice(0, MOST_TYPES)
  const results = useQueries({ queries: seen.map(({ type }) => queries.samples(type)) })
  const samples = results
    .flatMap((result) => result.data ?? [])
    .sort((one, other) => other.at.localeCompare(one.at))
  const isRead = areTypesRead && results.every((result) => !result.isPending)
  const first = samples[0]?.event
  const { text, write } = trial
  const chosen = samples.find(({ event }) => written(event) === text)?.event.id
  useEffect(() => {
    if (text !== null || !isRead) return
    write(first ? written(first) : JSON.stringify(inventedEvent(document, knownFields(meant)), null, 2))
  }, [text, isRead, first, write, document, meant])
  const field = useRef<HTMLTextAreaElement>(null)
  return (
    <Stack gap="xs">
      <div className="event-choice">
        <Select
          className="event-choice-field"
          label="Event"
          data={[
            ...samples.map(({ event, at }) => ({
              value: event.id,
              label: `${recordWords(event)} · ${relativeTime(at, Math.max(now, Date.parse(at)))}`,
            })),
            { value: OWN, label: 'One that I write' },
          ]}
          value={chosen ?? OWN}
          allowDeselect={false}
          maxDropdownHeight={320}
          onChange={(id) => {
            const sample = samples.find(({ event }) => event.id === id)
            if (sample) write(written(sample.event))
            else field.current?.focus()
          }}
        />
        <CopyButton value={text ?? ''}>
          {({ copied, copy }) => (
            <Tooltip label={copied ? 'Copied' : 'Copy the event'}>
              <ActionIcon
                variant="default"
                size={36}
                aria-label={copied ? 'Event copied' : 'Copy the event'}
                onClick={copy}
              >
                {copied ? <IconCheck size={14} /> : <IconCopy size={14} />}
              </ActionIcon>
            </Tooltip>
          )}
        </CopyButton>
      </div>
      <JsonInput
        ref={field}
        aria-label="The event as JSON"
        autosize
        minRows={4}
        maxRows={9}
        spellCheck={false}
        styles={{ input: { fontFamily: 'ui-monospace, Menlo, Consolas, monospace', fontSize: 13 } }}
        value={text ?? ''}
        error={text !== null && trial.event === null ? 'This is no JSON object yet.' : undefined}
        onChange={write}
      />
    </Stack>
  )
}

/** An event as people read it: without what has no value. */
function written(event: KeptEvent): string {
  const present = Object.entries(event).filter(([, value]) => value !== null && value !== undefined)
  return JSON.stringify(Object.fromEntries(present), null, 2)
}

function Outcome({
  run,
  selected,
  onSelect,
}: {
  run: Run
  selected: string | null
  onSelect: Props['onSelect']
}) {
  const now = useNow()
  const steps = run.steps ?? []
  // A step inside of a loop has no node: which one is open is known here alone.
  const [inner, setInner] = useState<string | null>(null)
  const openPath = inner ?? selected
  const open = (step: Step | null) => {
    const isInner = step !== null && step.path !== step.id
    setInner(isInner ? step.path : null)
    if (!isInner) onSelect(step?.id ?? null)
  }
  const frame = useRef<HTMLElement>(null)
  useEffect(() => {
    frame.current?.scrollIntoView({ block: 'nearest' })
  }, [])
  return (
    <section className="trial" aria-label="Dry run" ref={frame}>
      <Text size="sm" className="trial-sentence" role="status">
        <StateBadge state="dry" /> <PhraseText phrase={runPhrase({ ...run, dry_run: false }, now)} />
      </Text>
      <ol className="trial-steps">
        {steps.map((step) => {
          const isOpen = step.path === openPath
          return (
            <li key={step.path}>
              <button
                type="button"
                className="trial-step"
                aria-expanded={isOpen}
                onClick={() => open(isOpen ? null : step)}
              >
                <span>
                  {stepName(step)}
                  {itemWords(step.path) && `, ${itemWords(step.path)}`}
                </span>
                <StateBadge state={stepLight(step)} />
              </button>
              {isOpen && <StepDetails step={step} isDry />}
            </li>
          )
        })}
      </ol>
      {steps.length === 0 && (
        <Text size="sm" c="dimmed">
          There is no action to perform.
        </Text>
      )}
    </section>
  )
}
