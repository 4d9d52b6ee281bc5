/** What stands in the place of data: nothing yet, still loading, or a failure with what to do. */
import { Alert, Button, Group, Skeleton, Stack, Text, Title } from '@mantine/core'
import { IconAlertTriangle } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import { failureWords } from '../api/client'
import './state.css'

interface EmptyProps {
  title: string
  children?: ReactNode
  icon?: ReactNode
  /** Whether it is all that stands on the page. */
  isWholePage?: boolean
}

export function Empty({ title, children, icon, isWholePage = false }: EmptyProps) {
  return (
    <div className="empty">
      {icon}
      <Title order={isWholePage ? 1 : 2} size="h2">
        {title}
      </Title>
      {children}
    </div>
  )
}

export function Failed({ error, onRetry, what }: { error: unknown; onRetry?: () => void; what: string }) {
  return (
    <Alert
      role="alert"
      color="red"
      variant="default"
      icon={<IconAlertTriangle />}
      title={`${what} could not be read`}
    >
      <Group justify="space-between" gap="sm">
        <Text size="sm">{failureWords(error)}</Text>
        {onRetry && (
          <Button size="xs" variant="default" onClick={onRetry}>
            Try again
          </Button>
        )}
      </Group>
    </Alert>
  )
}

export function Loading({ rows = 6, label }: { rows?: number; label: string }) {
  return (
    <Stack gap="sm" p="md" role="status" aria-label={label}>
      {Array.from({ length: rows }, (_, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: placeholders have no identity
        <Skeleton key={index} height={34} radius="md" animate={index === 0} />
      ))}
    </Stack>
  )
}
