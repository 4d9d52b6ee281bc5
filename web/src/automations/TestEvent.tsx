/** Publishes one event by hand, as the CRM would. */
import { Alert, Button, Group, JsonInput, Modal, Stack, Text } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { api, failureWords } from '../api/client'
import { isObject, type JsonObject } from '../model/document'
import { EventField } from './EventField'

const SAMPLE = `{
  "id": "C-1042",
  "subject": "Cannot sign in",
  "priority": "critical"
}`

interface Props {
  opened: boolean
  onClose: () => void
  event?: string | undefined
}

export function TestEvent({ opened, onClose, event }: Props) {
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={<Text fw={650}>Publish a test event</Text>}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <TestEventForm event={event ?? 'case.created'} onClose={onClose} />
    </Modal>
  )
}

function TestEventForm({ event: first, onClose }: { event: string; onClose: () => void }) {
  const [event, setEvent] = useState(first)
  const [record, setRecord] = useState(SAMPLE)
  const value = readRecord(record)
  const publish = useMutation({
    mutationFn: (body: JsonObject) => api.publishEvent(body),
  })
  const submit = (submitted: FormEvent) => {
    submitted.preventDefault()
    if (value === null || event === '') return
    publish.mutate({ type: event, id: crypto.randomUUID(), record: value })
  }
  return (
    <form onSubmit={submit} noValidate>
      <Stack gap="md">
        <Text size="sm" c="dimmed">
          It goes the way of every event: each active automation that it matches starts a run, and live ones
          act for real.
        </Text>
        <EventField label="Type of the event" value={event} onChange={setEvent} />
        <JsonInput
          label="Record"
          description="The record as it is after the event, as JSON"
          value={record}
          onChange={setRecord}
          autosize
          minRows={6}
          maxRows={14}
          spellCheck={false}
          styles={{ input: { fontFamily: 'ui-monospace, Menlo, Consolas, monospace', fontSize: 13 } }}
          error={value === null ? 'This is no JSON object.' : undefined}
        />
        <div role="status">
          {publish.isSuccess && (
            <Alert color="green" variant="default">
              Published. A matching automation shows its run in a moment.
            </Alert>
          )}
        </div>
        {publish.error && (
          <Alert role="alert" color="red" variant="default">
            {failureWords(publish.error)}
          </Alert>
        )}
        <Group justify="flex-end" gap="sm">
          <Button variant="default" onClick={onClose}>
            {publish.isSuccess ? 'Close' : 'Cancel'}
          </Button>
          <Button type="submit" loading={publish.isPending} disabled={value === null || event === ''}>
            Publish
          </Button>
        </Group>
      </Stack>
    </form>
  )
}

function readRecord(text: string): JsonObject | null {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? (value as JsonObject) : null
  } catch {
    return null
  }
}
