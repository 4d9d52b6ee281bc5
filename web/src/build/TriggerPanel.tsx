/** What starts a run: the events, the conditions, and what they would have matched lately. */
import { Stack, Text } from '@mantine/core'
import { useMemo } from 'react'
import type { EventType } from '../api/types'
import { PhraseText } from '../components/PhraseText'
import { type AutomationDocument, TRIGGER } from '../model/document'
import { knownFields, meantTypes } from '../model/events'
import type { Operation } from '../model/operations'
import { type Problem, placeOf } from '../model/problems'
import { triggerPhrase } from '../model/sentences'
import { ConditionPreview } from '../testing/ConditionPreview'
import { ConditionsEditor } from './ConditionsEditor'
import { EventsField } from './EventsField'
import { PanelHead } from './PanelHead'

interface Props {
  automationId: string
  document: AutomationDocument
  types: readonly EventType[]
  problems: readonly Problem[]
  act: (operation: Operation) => void
  onClose: () => void
}

export function TriggerPanel({ automationId, document, types, problems, act, onClose }: Props) {
  const fields = useMemo(() => knownFields(meantTypes(document, types)), [document, types])
  const own = problems.filter(({ pointer }) => placeOf(document, pointer).node === TRIGGER)
  const ofEvent = own.filter(({ pointer }) => placeOf(document, pointer).field === 'event')
  const errorAt = (index: number) =>
    ofEvent.find(
      ({ pointer }) => pointer === `/trigger/event/${index}` || (index === 0 && pointer === '/trigger/event'),
    )?.message
  return (
    <>
      <PanelHead title="Trigger" note="What starts a run." onClose={onClose} />
      <Stack gap="md" className="panel-body">
        <EventsField
          event={document.trigger?.event}
          errorAt={errorAt}
          onChange={(event) => act({ kind: 'setTrigger', event })}
        />
        <ConditionsEditor
          document={document}
          fields={fields}
          problems={own.filter(({ pointer }) => placeOf(document, pointer).field === 'conditions')}
          act={act}
        />
        <Text size="sm" className="panel-sentence">
          <PhraseText phrase={triggerPhrase(document)} />
        </Text>
        <ConditionPreview automationId={automationId} document={document} />
      </Stack>
    </>
  )
}
