/** Setting up an action: its parameters, when it is performed, and where it leads. */
import { ActionIcon, Button, Divider, Group, Stack, Text, TextInput, Tooltip } from '@mantine/core'
import { IconArrowDown, IconArrowUp, IconChevronLeft, IconTrash } from '@tabler/icons-react'
import type { JsonSchema } from '../api/types'
import { SchemaForm } from '../forms/SchemaForm'
import { TemplateNames } from '../forms/TemplateText'
import { type Action, type AutomationDocument, listAround, loopsAround } from '../model/document'
import { canLead, edgesOf, successorsOf } from '../model/edges'
import type { Operation } from '../model/operations'
import { pointerTo } from '../model/pointers'
import { placeOf } from '../model/problems'
import { actionName } from '../model/sentences'
import { ActionConditions } from './ActionConditions'
import { useActionNames } from './actionNames'
import { BranchFields } from './BranchFields'
import type { InspectorProps } from './Inspector'
import { LoopFields } from './LoopFields'
import { fieldProblems, PanelHead } from './PanelHead'
import { Ways } from './Ways'

const EMPTY_SCHEMA: JsonSchema = { type: 'object', properties: {} }
/** Problems of these fields are shown above the form: they have no place in it. */
const GENERAL = new Set<string | null>([null, 'type', 'branches'])

interface Props extends InspectorProps {
  action: Action
}

export function ActionPanel(props: Props) {
  const { document, types, action, catalogue, titles, problems, counts, act, onSelect, onAdd, onClose } =
    props
  const { names, fields } = useActionNames(document, action.id, types, catalogue)
  const entry = catalogue.get(action.type)
  const found = fieldProblems(document, problems, action.id)
  const pointer = pointerOf(document, action.id)
  const general = problems.filter((problem) => {
    const place = placeOf(document, problem.pointer)
    const isOfWay = place.field === 'branches' && problem.pointer !== `${pointer}/branches`
    return place.node === action.id && GENERAL.has(place.field) && !isOfWay
  })
  const list = listAround(document, action.id)
  const loop = loopsAround(document.actions, action.id)?.at(-1)
  const canWait = action.type !== 'branch' || action.when !== undefined
  return (
    <>
      {loop && (
        <Button
          variant="subtle"
          size="compact-sm"
          mt="xs"
          ml="xs"
          leftSection={<IconChevronLeft size={15} />}
          onClick={() => onSelect(loop.id)}
        >
          {actionName(loop, titles)}
        </Button>
      )}
      <PanelHead title={actionName(action, titles)} note={entry?.description} onClose={onClose} />
      <Stack gap="md" className="panel-body">
        {general.map((problem) => (
          <Text key={problem.pointer + problem.message} size="sm" c="var(--failed)" role="alert">
            {problem.message}
          </Text>
        ))}
        <TemplateNames value={names}>
          {action.type === 'for_each' && (
            <LoopFields
              key={action.id}
              action={action}
              found={found}
              titles={titles}
              problems={counts}
              act={act}
              onSelect={onSelect}
              onAdd={onAdd}
            />
          )}
          <SchemaForm
            key={`form ${action.id}`}
            schema={entry?.params ?? EMPTY_SCHEMA}
            value={action.params}
            problems={found}
            onChange={(name, value) => act({ kind: 'setParam', id: action.id, name, value })}
          />
        </TemplateNames>
        {Object.keys(entry?.params.properties ?? {}).length > 0 && (
          <Text size="xs" c="dimmed">
            Text may hold values of the record in double braces, such as {'{{ record.name }}'}.
          </Text>
        )}
        {action.type === 'branch' && (
          <BranchFields
            key={`ways ${action.id}`}
            list={list}
            action={action}
            pointer={pointer}
            fields={fields}
            problems={problems}
            titles={titles}
            act={act}
          />
        )}
        <Divider />
        {canWait && (
          <ActionConditions
            key={`when ${action.id}`}
            title="Only if"
            nothing="No conditions: the step is performed whenever its turn comes."
            raw={action.when}
            pointer={`${pointer}/when`}
            fields={fields}
            problems={problems}
            onChange={(value) => act({ kind: 'setField', id: action.id, name: 'when', value })}
          />
        )}
        <TextInput
          label="Name of this step"
          placeholder={entry?.title}
          value={action.name ?? ''}
          onChange={(event) => act({ kind: 'renameAction', id: action.id, name: event.currentTarget.value })}
        />
        {canLead(action) && (
          <Ways
            key={`next ${action.id}`}
            list={list}
            action={action}
            port="next"
            label="Leads to"
            nothing={loop ? 'Nothing: the item ends here' : 'Nothing: the run ends here'}
            isMany
            error={found.get('next')}
            titles={titles}
            act={act}
          />
        )}
        <Standing list={list} action={action} act={act} />
      </Stack>
    </>
  )
}

/** Where an action stands in the document. */
function pointerOf(document: AutomationDocument, id: string): string {
  const path = [...(loopsAround(document.actions, id) ?? []).map((loop) => loop.id), id]
  return path
    .map((own) =>
      pointerTo(
        'actions',
        listAround(document, own).actions.findIndex((action) => action.id === own),
      ),
    )
    .join('')
}

interface StandingProps {
  list: AutomationDocument
  action: Action
  act: (operation: Operation) => void
}

/** Earlier or later in its path, or away. */
function Standing({ list, action, act }: StandingProps) {
  const edges = edgesOf(list)
  const next = successorsOf(list, list.actions.indexOf(action))[0]
  const before = edges.find((edge) => edge.target === action.id)?.source
  const beforeThat = edges.find((edge) => edge.target === before)?.source
  const isMovable = canLead(action)
  return (
    <Group gap="xs">
      {isMovable && (
        <>
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
        </>
      )}
      <Button
        variant="default"
        ml="auto"
        leftSection={<IconTrash size={16} />}
        onClick={() => act({ kind: 'removeAction', id: action.id })}
      >
        Remove
      </Button>
    </Group>
  )
}
