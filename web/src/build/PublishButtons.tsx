/** How the draft stands to what is published, and publishing it. */
import { Button } from '@mantine/core'
import type { Automation } from '../api/types'
import { versionWords } from '../automations/AutomationHeader'
import { differencesOf } from '../model/differences'
import { type AutomationDocument, sameValue } from '../model/document'
import type { Publishing } from './PublishDialog'

export function DraftNote({
  automation,
  base,
  document,
}: {
  automation: Automation
  base: AutomationDocument
  document: AutomationDocument
}) {
  const count = differencesOf(base, document).length
  if (automation.status === 'draft' || sameValue(base, document)) return <>{versionWords(automation)}</>
  const changes = count === 0 ? 'another arrangement' : count === 1 ? '1 change' : `${count} changes`
  return (
    <>
      {versionWords(automation)} · draft has {changes}
    </>
  )
}

interface ButtonsProps {
  automation: Automation
  isChanged: boolean
  isInSandbox: boolean
  onPublish: (publishing: Publishing) => void
}

export function PublishButtons({ automation, isChanged, isInSandbox, onPublish }: ButtonsProps) {
  if (automation.status === 'archived') return null
  if (isInSandbox) {
    const isTried = automation.environments.sandbox?.status === 'active'
    return (
      <Button
        disabled={isTried && !isChanged}
        onClick={() => onPublish({ environment: 'sandbox', status: 'active' })}
      >
        Publish to the sandbox
      </Button>
    )
  }
  const isActive = automation.status === 'active'
  return (
    <>
      {automation.status !== 'draft' && (
        <Button
          variant={isActive ? 'filled' : 'default'}
          disabled={!isChanged}
          onClick={() => onPublish({ environment: 'live' })}
        >
          Publish
        </Button>
      )}
      {!isActive && (
        <Button onClick={() => onPublish({ environment: 'live', status: 'active' })}>Set active</Button>
      )}
    </>
  )
}
