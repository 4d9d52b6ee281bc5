/** The panel on the right: what is selected, filled in here. */
import {
  ActionIcon,
  Button,
  Divider,
  Group,
  Select,
  Stack,
  Text,
  Textarea,
  TextInput,
  Tooltip,
} from '@mantine/core'
import { IconArrowDown, IconArrowUp, IconTrash } from '@tabler/icons-react'
import { useMemo } from 'react'
import type { ActionEntry, EventType, JsonSchema } from '../api/types'
import { SchemaForm } from '../forms/SchemaForm'
import { TemplateNames } from '../forms/TemplateText'
import { type Action, type AutomationDocument, TRIGGER } from '../model/document'
import { edgesOf, successorsOf } from '../model/edges'
import { knownFields, meantTypes } from '../model/events'
import type { Operation } from '../model/operations'
import { type Problem, placeOf } from '../model/problems'
import { actionName } from '../model/sentences'
import { namesAt } from '../model/templateNames'
import { fieldProblems, PanelHead } from './PanelHead'
import { TriggerPanel } from './TriggerPanel'

interface Props {
  automationId: string
  document: AutomationDocument
  types: readonly EventType[]
  selected: string | null
  catalogue: ReadonlyMap<string, ActionEntry>
  titles: ReadonlyMap<string, string>
  problems: readonly Problem[]
  act: (operation: Operation) => void
  onClose: () => void
}

export function Inspector(props: Props) {
  const { document, selected } = props
  const action = document.actions.find((candidate) => candidate.id === selected)
  if (selected === TRIGGER) return <TriggerPanel {...props} />
  if (action) return <ActionPanel {...props} action={action} />
  return <AutomationPanel {...props} />
}

function AutomationPanel({ document, problems, act }: Props) {
  const found = fieldProblems(document, problems, null)
  return (
    <>
      <PanelHead title="Automation" note="Select the trigger or an action to fill it in." />
      <Stack gap="md" className="panel-body">
        <TextInput
          label="Name"
          required
          value={document.name}
          error={found.get('name')}
          onChange={(event) => act({ kind: 'rename', name: event.currentTarget.value })}
        />
        <Textarea
          label="Description"
          autosize
          minRows={3}
          maxRows={10}
          value={document.description ?? ''}
          error={found.get('description')}
          onChange={(event) => act({ kind: 'describe', description: event.currentTarget.value })}
        />
      </Stack>
    </>
  )
}

const EMPTY_SCHEMA: JsonSchema = { type: 'object', properties: {} }

function ActionPanel({
  document,
  types,
  action,
  catalogue,
  titles,
  problems,
  act,
  onClose,
}: Props & { action: Action }) {
  const names = useMemo(() => {
    const outputsOf = (type: string) => Object.keys(catalogue.get(type)?.output?.properties ?? {})
    return namesAt(document, action.id, knownFields(meantTypes(document, types)), outputsOf)
  }, [document, action.id, types, catalogue])
  const entry = catalogue.get(action.type)
  const found = fieldProblems(document, problems, action.id)
  const general = problems.filter((problem) => {
    const place = placeOf(document, problem.pointer)
    return (
      place.node === action.id && (place.field === null || place.field === 'type' || place.field === 'next')
    )
  })
  return (
    <>
      <PanelHead title={actionName(action, titles)} note={entry?.description} onClose={onClose} />
      <Stack gap="md" className="panel-body">
        {general.map((problem) => (
          <Text key={problem.pointer + problem.message} size="sm" c="var(--failed)" role="alert">
            {problem.message}
          </Text>
        ))}
        <TemplateNames value={names}>
          <SchemaForm
            key={action.id}
            schema={entry?.params ?? EMPTY_SCHEMA}
            value={action.params}
            problems={found}
            onChange={(name, value) => act({ kind: 'setParam', id: action.id, name, value })}
          />
        </TemplateNames>
        <Text size="xs" c="dimmed">
          Text may hold values of the record in double braces, such as {'{{ record.name }}'}.
        </Text>
        <Divider />
        <TextInput
          label="Name of this step"
          placeholder={entry?.title}
          value={action.name ?? ''}
          onChange={(event) => act({ kind: 'renameAction', id: action.id, name: event.currentTarget.value })}
        />
        <Place document={document} action={action} titles={titles} act={act} />
      </Stack>
    </>
  )
}

interface PlaceProps {
  document: AutomationDocument
  action: Action
  titles: ReadonlyMap<string, string>
  act: (operation: Operation) => void
}

const NOTHING = '$end'

/** Where the action stands: what it leads to, earlier or later, or away. */
function Place({ document, action, titles, act }: PlaceProps) {
  const index = document.actions.indexOf(action)
  const next = successorsOf(document, index)[0]
  const before = edgesOf(document).find((edge) => edge.target === action.id)?.source
  const beforeThat = edgesOf(document).find((edge) => edge.target === before)?.source
  const options = document.actions
    .filter((other) => other.id !== action.id)
    .map((other) => ({ value: other.id, label: actionName(other, titles) }))
  const lead = (target: string | null) => {
    if (target === null || target === next) return
    if (target !== NOTHING) act({ kind: 'connect', source: action.id, target })
    else if (next) act({ kind: 'disconnect', source: action.id, target: next })
  }
  return (
    <>
      <Select
        label="Leads to"
        data={[...withNumbers(options), { value: NOTHING, label: 'Nothing: the run ends here' }]}
        value={next ?? NOTHING}
        allowDeselect={false}
        onChange={lead}
      />
      <Group gap="xs">
        <Tooltip label="Earlier">
          <ActionIcon
            variant="default"
            size={34}
            aria-label="Move earlier"
            disabled={beforeThat === undefined}
            onClick={() => beforeThat && act({ kind: 'moveAction', id: action.id, after: beforeThat })}
          >
            <IconArrowUp size={16} />
          </ActionIcon>
        </Tooltip>
        <Tooltip label="Later">
          <ActionIcon
            variant="default"
            size={34}
            aria-label="Move later"
            disabled={next === undefined}
            onClick={() => next && act({ kind: 'moveAction', id: action.id, after: next })}
          >
            <IconArrowDown size={16} />
          </ActionIcon>
        </Tooltip>
        <Button
          variant="default"
          ml="auto"
          leftSection={<IconTrash size={16} />}
          onClick={() => act({ kind: 'removeAction', id: action.id })}
        >
          Remove
        </Button>
      </Group>
    </>
  )
}

/** Options of one name get a number, to be told apart. */
function withNumbers(options: Array<{ value: string; label: string }>) {
  const seen = new Map<string, number>()
  return options.map((option) => {
    const count = (seen.get(option.label) ?? 0) + 1
    seen.set(option.label, count)
    return count === 1 ? option : { ...option, label: `${option.label} (${count})` }
  })
}
