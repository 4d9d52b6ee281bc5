/** The explanation of one event for the document on the screen, read from the server. */
import { Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { ApiError, failureWords } from '../api/client'
import { queries } from '../api/queries'
import type { AutomationDocument } from '../model/document'
import { Explanation } from './Explanation'

interface Props {
  automationId: string
  document: AutomationDocument
  event: object
}

export function ExplainedEvent({ automationId, document, event }: Props) {
  const told = useQuery(queries.explanation(automationId, event, document))
  if (told.data && !told.isError) return <Explanation told={told.data} />
  if (told.isPending) {
    return (
      <Text size="sm" c="dimmed" role="status">
        Asking why …
      </Text>
    )
  }
  return (
    <Text component="div" size="sm" c="var(--failed)" role="alert">
      <FailureWords error={told.error} />
    </Text>
  )
}

/** What was refused, each thing in its own words; any other failure in one sentence. */
export function FailureWords({ error }: { error: unknown }) {
  const messages = error instanceof ApiError ? error.problems.map(({ message }) => message) : []
  if (messages.length === 0) return <>{failureWords(error)}</>
  return (
    <ul className="refusals">
      {[...new Set(messages)].map((message) => (
        <li key={message}>{message}</li>
      ))}
    </ul>
  )
}
