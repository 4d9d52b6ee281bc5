/** Makes the draft a version, after saying what changes and for whom. */
import { Alert, List, Text } from '@mantine/core'
import { IconInfoCircle } from '@tabler/icons-react'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { api } from '../api/client'
import type { Automation, AutomationStatus, Environment } from '../api/types'
import { Consequence } from '../components/Consequence'
import { PhraseText } from '../components/PhraseText'
import { differencesOf } from '../model/differences'
import { type AutomationDocument, sameValue } from '../model/document'
import { chainWords, type Problem } from '../model/problems'
import { automationPhrase } from '../model/sentences'

export interface Publishing {
  environment: Environment
  /** The status that it gets with it, if it shall change. */
  status?: AutomationStatus
}

interface Props {
  publishing: Publishing | null
  automation: Automation
  base: AutomationDocument
  document: AutomationDocument
  titles: ReadonlyMap<string, string>
  flush: () => Promise<void>
  hold: (document: AutomationDocument, etag: string | null) => void
  /** What does not stand in the way, and should be known. */
  warnings: readonly Problem[]
  onPublished: (answer: { activation?: unknown }) => void
  onRefused: (error: unknown) => void
  onClose: () => void
}

export function PublishDialog(props: Props) {
  const { publishing, automation, base, document, titles, warnings, onClose } = props
  const client = useQueryClient()
  const publish = useMutation({
    mutationFn: async ({ environment, status }: Publishing) => {
      const isNew = !automation.environments[environment]
      const isChanged = isNew || !sameValue(base, document)
      if (!isChanged && status) return api.setStatus(automation.id, status)
      await props.flush()
      const answer = await api.publish(automation.id, { environment, ...(status ? { status } : {}) })
      props.hold(document, answer.etag)
      return answer.body
    },
    onSuccess: (answer) => {
      for (const key of ['automations', 'automation', 'versions', 'sandbox', 'event-types']) {
        void client.invalidateQueries({ queryKey: [key] })
      }
      props.onPublished(answer)
      onClose()
    },
    onError: props.onRefused,
  })
  if (publishing === null) return null
  const differences = differencesOf(base, document, titles)
  const { title, action, consequences } = wordsFor(automation, publishing)
  return (
    <Consequence
      opened
      title={title}
      action={action}
      consequences={consequences}
      isPending={publish.isPending}
      error={publish.error}
      onConfirm={() => publish.mutate(publishing)}
      onClose={onClose}
    >
      <Text size="sm">
        <PhraseText phrase={automationPhrase(document)} />
      </Text>
      {differences.length > 0 && automation.status !== 'draft' && (
        <div>
          <Text size="sm" fw={600}>
            {differences.length === 1 ? '1 change' : `${differences.length} changes`}
          </Text>
          <List size="sm" pl="md" withPadding={false}>
            {differences.slice(0, 12).map((difference, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: the sentences have no other identity
              <List.Item key={index}>
                <PhraseText phrase={difference} />
              </List.Item>
            ))}
          </List>
        </div>
      )}
      {warnings.length > 0 && (
        <Alert color="yellow" variant="default" icon={<IconInfoCircle />} title="Before you go on">
          <ul className="warnings">
            {warnings.map((warning) => (
              <li key={warning.pointer + warning.message}>
                {warning.message}
                {chainWords(warning.chain) && (
                  <span className="problem-chain">{chainWords(warning.chain)}</span>
                )}
              </li>
            ))}
          </ul>
        </Alert>
      )}
    </Consequence>
  )
}

function wordsFor(automation: Automation, { environment, status }: Publishing) {
  if (environment === 'sandbox') {
    return {
      title: 'Publish to the sandbox',
      action: 'Publish to the sandbox',
      consequences: [
        'It sees every live event from now on and decides for real, but sends and changes nothing.',
        automation.environments.live
          ? 'The live version runs on as before, until you promote this one.'
          : 'Nothing is live before you promote it.',
        'Its dry runs stand in the runs.',
      ],
    }
  }
  const willBeActive = (status ?? automation.status) === 'active'
  return {
    title: status === 'active' ? `Set “${automation.name}” active` : 'Publish the draft',
    action: status === 'active' ? 'Set active' : 'Publish',
    consequences: [
      willBeActive
        ? 'Events published from now on are judged by this version, and matching ones start a run.'
        : 'The version is kept; it starts nothing until the automation is set active.',
      'Runs under way keep the version they began with.',
      'Earlier versions stay under Versions. Pause it at any time.',
    ],
  }
}
