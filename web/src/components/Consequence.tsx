/** The short dialog before something happens: what changes, for which records, and how to undo it. */
import { Alert, Button, Group, List, Modal, Stack, Text } from '@mantine/core'
import type { ReactNode } from 'react'
import { failureWords } from '../api/client'

interface Props {
  opened: boolean
  title: string
  /** What will happen, a sentence each. */
  consequences: ReactNode[]
  children?: ReactNode
  action: string
  /** The other button, where “Cancel” could be read as the act itself. */
  dismiss?: string
  isDangerous?: boolean
  isPending?: boolean
  error?: unknown
  onConfirm: () => void
  onClose: () => void
}

export function Consequence({
  opened,
  title,
  consequences,
  children,
  action,
  dismiss = 'Cancel',
  isDangerous = false,
  isPending = false,
  error,
  onConfirm,
  onClose,
}: Props) {
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={<Text fw={650}>{title}</Text>}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <Stack gap="md">
        {children}
        <List size="sm" spacing={6} withPadding={false} listStyleType="disc" pl="md">
          {consequences.map((consequence, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: the sentences have no other identity
            <List.Item key={index}>{consequence}</List.Item>
          ))}
        </List>
        {error !== undefined && error !== null && (
          <Alert role="alert" color="red" variant="default">
            {failureWords(error)}
          </Alert>
        )}
        <Group justify="flex-end" gap="sm">
          <Button variant="default" onClick={onClose}>
            {dismiss}
          </Button>
          <Button
            data-autofocus
            loading={isPending}
            onClick={onConfirm}
            color={isDangerous ? 'red.8' : undefined}
          >
            {action}
          </Button>
        </Group>
      </Stack>
    </Modal>
  )
}
