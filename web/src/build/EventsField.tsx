/** What starts an automation: one type of event, a pattern, or several of them. */
import { ActionIcon, Button, Stack } from '@mantine/core'
import { IconPlus, IconX } from '@tabler/icons-react'
import { useRef } from 'react'
import { EventField } from '../automations/EventField'

interface Props {
  event: string | string[] | undefined
  /** What is wrong with the one at a place of the list, or with the only one. */
  errorAt: (index: number) => string | undefined
  onChange: (event: string | string[]) => void
}

/** As many as a trigger may name. */
const MOST = 20

export function EventsField({ event, errorAt, onChange }: Props) {
  const frame = useRef<HTMLDivElement>(null)
  const events = Array.isArray(event) ? (event.length > 0 ? event : ['']) : [event ?? '']
  const change = (next: string[]) => onChange(next.length === 1 ? (next[0] ?? '') : next)
  const focusLast = () =>
    requestAnimationFrame(() => [...(frame.current?.querySelectorAll('input') ?? [])].at(-1)?.focus())
  return (
    <Stack gap="xs" ref={frame}>
      {events.map((each, index) => (
        <EventField
          // biome-ignore lint/suspicious/noArrayIndexKey: what is typed at a place has no other identity
          key={index}
          label={index === 0 ? 'Event' : `Event ${index + 1}`}
          takesPatterns
          isRequired={index === 0}
          value={each}
          error={errorAt(index)}
          onChange={(type) => change(events.map((other, place) => (place === index ? type : other)))}
          rightSection={
            index > 0 && (
              <ActionIcon
                variant="subtle"
                color="gray"
                aria-label={`Remove event ${index + 1}`}
                onClick={() => {
                  change(events.filter((_, place) => place !== index))
                  focusLast()
                }}
              >
                <IconX size={15} color="var(--ink-soft)" />
              </ActionIcon>
            )
          }
        />
      ))}
      {events.length < MOST && events[0] !== '' && (
        <Button
          variant="default"
          size="compact-sm"
          leftSection={<IconPlus size={14} />}
          style={{ alignSelf: 'flex-start' }}
          onClick={() => {
            change([...events, ''])
            focusLast()
          }}
        >
          Or another event
        </Button>
      )}
    </Stack>
  )
}
