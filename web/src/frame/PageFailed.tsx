/** A page that could not be shown: what happened, and a way to try again. */
import { Alert, Button, Group, Text } from '@mantine/core'
import { IconAlertTriangle } from '@tabler/icons-react'

export function PageFailed({ error }: { error: unknown }) {
  const why = error instanceof Error ? error.message : String(error)
  return (
    <div className="page">
      <Alert
        role="alert"
        color="red"
        variant="default"
        icon={<IconAlertTriangle />}
        title="The page could not be shown"
      >
        <Group justify="space-between" gap="sm">
          <Text size="sm">
            A part of it could not be loaded, or it met a fault of its own: {why} What you saved is not
            affected.
          </Text>
          <Button size="xs" variant="default" onClick={() => window.location.reload()}>
            Load the page again
          </Button>
        </Group>
      </Alert>
    </div>
  )
}
