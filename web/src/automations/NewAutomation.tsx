/** Asks for a name and what should start the automation, nothing else; the rest is built on its page. */
import { Alert, Button, Group, Modal, Stack, Text, Textarea, TextInput } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'
import { ApiError, api, failureWords } from '../api/client'
import { queries } from '../api/queries'
import type { JsonObject } from '../model/document'
import { EventField } from './EventField'

/** Creates a draft, in the sandbox while it is active, and opens it. */
export function useCreateAutomation() {
  const navigate = useNavigate()
  const client = useQueryClient()
  const sandbox = useQuery(queries.sandbox())
  return useMutation({
    mutationFn: (document: JsonObject) =>
      api.createAutomation({
        ...document,
        status: 'draft',
        ...(sandbox.data?.active ? { environment: 'sandbox' } : {}),
      }),
    onSuccess: (automation) => {
      void client.invalidateQueries({ queryKey: ['automations'] })
      void navigate({ to: '/automations/$automationId', params: { automationId: automation.id } })
    },
  })
}

export function NewAutomation({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={<Text fw={650}>New automation</Text>}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <NewAutomationForm onClose={onClose} />
    </Modal>
  )
}

function NewAutomationForm({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState('')
  const [description, setDescription] = useState('')
  const [event, setEvent] = useState('')
  const [isTried, setTried] = useState(false)
  const create = useCreateAutomation()
  const refused = create.error instanceof ApiError ? create.error.problems : []
  const problemOf = (pointer: string) => refused.find((problem) => problem.pointer === pointer)?.message

  const submit = (submitted: FormEvent) => {
    submitted.preventDefault()
    setTried(true)
    if (name.trim() === '' || event === '') return
    create.mutate({
      name: name.trim(),
      ...(description.trim() ? { description: description.trim() } : {}),
      trigger: { event },
      actions: [],
    })
  }

  return (
    <form onSubmit={submit} noValidate>
      <Stack gap="md">
        <TextInput
          data-autofocus
          label="Name"
          placeholder="Escalate critical cases"
          value={name}
          onChange={(change) => setName(change.currentTarget.value)}
          error={isTried && name.trim() === '' ? 'Give it a name.' : problemOf('/name')}
          required
        />
        <Textarea
          label="Description"
          placeholder="What it is for"
          autosize
          minRows={2}
          maxRows={6}
          value={description}
          onChange={(change) => setDescription(change.currentTarget.value)}
          error={problemOf('/description')}
        />
        <EventField
          takesPatterns
          value={event}
          onChange={setEvent}
          error={isTried && event === '' ? 'Choose the event that starts it.' : problemOf('/trigger/event')}
        />
        {create.error && (
          <Alert role="alert" color="red" variant="default">
            {failureWords(create.error)}
          </Alert>
        )}
        <Group justify="flex-end" gap="sm">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={create.isPending}>
            Create and build
          </Button>
        </Group>
      </Stack>
    </form>
  )
}
