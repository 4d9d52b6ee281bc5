/** Live below the conditions: how many of the recent events they would have matched, each with the reason. */
import { Button, Text, UnstyledButton } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { IconChevronDown, IconChevronRight } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useMemo, useState } from 'react'
import { ApiError, failureWords } from '../api/client'
import { queries } from '../api/queries'
import type { KeptEvent, Preview } from '../api/types'
import { Moment } from '../components/Moment'
import { missingValues } from '../model/conditions'
import type { AutomationDocument } from '../model/document'
import { shorten } from '../model/phrase'
import { eventsOf } from '../model/sentences'
import { ExplainedEvent } from './ExplainedEvent'
import { Mark } from './Explanation'
import './testing.css'

const PAUSE_MS = 350
const SHOWN = 20

interface Props {
  automationId: string
  document: AutomationDocument
}

export function ConditionPreview({ automationId, document }: Props) {
  const { trigger, conditions } = document
  const [asked] = useDebouncedValue(
    useMemo(
      () => ({ trigger: { ...trigger, event: namedEvents(trigger) }, conditions }),
      [trigger, conditions],
    ),
    PAUSE_MS,
  )
  const preview = useQuery({ ...queries.preview(asked), enabled: canBeAsked(asked) })
  const [isOpen, setOpen] = useState(false)
  if (!canBeAsked(document)) return null
  if (preview.isError) return <NotCounted error={preview.error} />
  if (!preview.data) return null
  const { matched, sampled } = preview.data
  if (sampled === 0) {
    return (
      <Text size="sm" c="dimmed" role="status">
        No such event was seen lately, so nothing can be counted yet.
      </Text>
    )
  }
  const Chevron = isOpen ? IconChevronDown : IconChevronRight
  return (
    <section
      className="preview"
      aria-label="Recent events"
      aria-busy={preview.isFetching}
      data-open={isOpen || undefined}
    >
      <span className="sr-only" role="status">
        {`matches ${matched} of the last ${sampled}`}
      </span>
      <UnstyledButton className="preview-count" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        <Chevron size={16} aria-hidden />
        <span>
          matches <b>{matched}</b> of the last {sampled} {typeWords(eventsOf(trigger))}
        </span>
      </UnstyledButton>
      {isOpen && <Samples preview={preview.data} automationId={automationId} document={document} />}
    </section>
  )
}

/** The events of the rows that are filled: one that is still empty, or said twice, counts nothing of its own. */
const namedEvents = (trigger: AutomationDocument['trigger']): string[] => [...new Set(eventsOf(trigger))]

/** Whether there is an event, and no row still lacks its value. */
const canBeAsked = (document: Pick<AutomationDocument, 'trigger' | 'conditions'>): boolean =>
  eventsOf(document.trigger).length > 0 && missingValues(document).length === 0

function NotCounted({ error }: { error: unknown }) {
  const isRefused = error instanceof ApiError && error.status === 422
  return (
    <Text size="sm" c="dimmed" role="status">
      {isRefused ? 'Counted as soon as the conditions can be read.' : failureWords(error)}
    </Text>
  )
}

const typeWords = (events: readonly string[]) =>
  events.length === 1 ? (
    <>
      <i>{events[0]}</i> events
    </>
  ) : (
    'events'
  )

interface SamplesProps extends Props {
  preview: Preview
}

function Samples({ preview, automationId, document }: SamplesProps) {
  const [shown, setShown] = useState(SHOWN)
  const [open, setOpen] = useState<string | null>(null)
  const { items } = preview
  const hasTypes = new Set(items.map(({ event }) => event.type)).size > 1
  return (
    <>
      <ul className="samples">
        {items.slice(0, shown).map(({ event, at, holds }) => (
          <li key={event.id}>
            <UnstyledButton
              className="sample"
              aria-expanded={open === event.id}
              onClick={() => setOpen(open === event.id ? null : event.id)}
            >
              <Mark holds={holds} yes="Matches:" no="Does not match:" />
              <span className="sample-name">
                {recordWords(event)}
                {hasTypes && <span className="soft"> {event.type}</span>}
              </span>
              <Moment at={at} />
            </UnstyledButton>
            {open === event.id && (
              <ExplainedEvent automationId={automationId} document={document} event={event} />
            )}
          </li>
        ))}
      </ul>
      {items.length > shown && (
        <Button variant="default" size="compact-sm" onClick={() => setShown(shown + 50)}>
          Show more
        </Button>
      )}
    </>
  )
}

/** What an event is about, as people tell it from others. */
export function recordWords({ object, record, record_id, type, id }: KeptEvent): string {
  const name = [record?.name, record?.subject, record?.title].find(
    (text) => typeof text === 'string' && text !== '',
  )
  const which =
    record_id ?? (typeof record?.id === 'string' || typeof record?.id === 'number' ? record.id : id)
  const what = `${object ?? type.split('.')[0]} ${which}`
  return shorten(name ? `${what}, ${name}` : what, 60)
}
