/** Conditions as rows of field – operator – value. What the rows of this version cannot edit is shown and kept. */
import { ActionIcon, Autocomplete, Button, Select, Stack, Text, TextInput } from '@mantine/core'
import { IconPlus, IconX } from '@tabler/icons-react'
import { useEffect, useId, useRef, useState } from 'react'
import { JsonView } from '../components/JsonView'
import { offeredFor } from '../forms/offered'
import {
  type Group,
  isEditableInRows,
  OPERATORS,
  operatorWords,
  type Part,
  type Row,
  readConditions,
  readTypedValue,
  typedText,
  writeConditions,
} from '../model/conditions'
import { type JsonObject, sameValue } from '../model/document'

interface Props {
  conditions: unknown
  /** Fields of the record to offer. */
  fields: readonly string[]
  error?: string | undefined
  onChange: (conditions: JsonObject) => void
}

interface Draft {
  key: number
  field: string
  operator: string
  text: string
}

const offered = OPERATORS.filter((operator) => operator.isOffered).map(({ name, words }) => ({
  value: name,
  label: words,
}))

export function ConditionsEditor({ conditions, fields, error, onChange }: Props) {
  const group = readConditions(conditions)
  if (!isEditableInRows(group)) {
    return (
      <Stack gap="xs">
        <Text size="sm" fw={600}>
          Conditions
        </Text>
        <Text size="sm" c="dimmed">
          These conditions were written elsewhere and say more than the rows here can show. They are kept as
          they stand.
        </Text>
        <JsonView label="Conditions" value={conditions} />
      </Stack>
    )
  }
  return <Rows group={group} fields={fields} error={error} onChange={onChange} />
}

const isRow = (part: Part): part is Row => part.kind === 'row'

let lastKey = 0
const nextKey = (): number => {
  lastKey += 1
  return lastKey
}

const draftsOf = (group: Group): Draft[] =>
  group.parts
    .filter(isRow)
    .map(({ field, operator, value }) => ({ key: nextKey(), field, operator, text: typedText(value) }))

/** The conditions that the rows say; a row without a field says nothing yet. */
function mappingOf(drafts: readonly Draft[]): JsonObject {
  const parts = drafts
    .filter((draft) => draft.field.trim() !== '')
    .map(
      (draft): Row => ({
        kind: 'row',
        field: draft.field.trim(),
        operator: draft.operator,
        value: readTypedValue(draft.text),
      }),
    )
  return writeConditions({ kind: 'all', parts })
}

function Rows({ group, fields, error, onChange }: Omit<Props, 'conditions'> & { group: Group }) {
  const [drafts, setDrafts] = useState(() => draftsOf(group))
  const written = writeConditions(group)
  const headingId = useId()
  const [added, setAdded] = useState<number | null>(null)

  useEffect(() => {
    setDrafts((standing) =>
      sameValue(mappingOf(standing), written) ? standing : draftsOf(readConditions(written)),
    )
  }, [written])

  const change = (next: Draft[]) => {
    setDrafts(next)
    const mapping = mappingOf(next)
    if (!sameValue(mapping, written)) onChange(mapping)
  }
  const edit = (key: number, part: Partial<Draft>) =>
    change(drafts.map((draft) => (draft.key === key ? { ...draft, ...part } : draft)))

  return (
    <Stack gap="xs" role="group" aria-labelledby={headingId}>
      <Text size="sm" fw={600} id={headingId}>
        Conditions
      </Text>
      {drafts.length === 0 && (
        <Text size="sm" c="dimmed">
          None: every such event starts it.
        </Text>
      )}
      {drafts.map((draft, index) => (
        <ConditionRow
          key={draft.key}
          draft={draft}
          number={index + 1}
          fields={fields}
          isAdded={draft.key === added}
          onEdit={(part) => edit(draft.key, part)}
          onRemove={() => change(drafts.filter((other) => other.key !== draft.key))}
        />
      ))}
      {error && (
        <Text size="sm" c="var(--failed)" role="alert">
          {error}
        </Text>
      )}
      <Button
        variant="default"
        size="xs"
        leftSection={<IconPlus size={14} />}
        style={{ alignSelf: 'flex-start' }}
        onClick={() => {
          const key = nextKey()
          setDrafts([...drafts, { key, field: '', operator: 'eq', text: '' }])
          setAdded(key)
        }}
      >
        Add a condition
      </Button>
    </Stack>
  )
}

interface RowProps {
  draft: Draft
  number: number
  fields: readonly string[]
  /** Whether it was added a moment ago, to be filled in. */
  isAdded: boolean
  onEdit: (part: Partial<Draft>) => void
  onRemove: () => void
}

function ConditionRow({ draft, number, fields, isAdded, onEdit, onRemove }: RowProps) {
  const field = useRef<HTMLInputElement>(null)
  useEffect(() => {
    if (isAdded) field.current?.focus()
  }, [isAdded])
  const name = `Condition ${number}`
  return (
    <div className="condition" role="group" aria-label={name}>
      {number > 1 && <span className="condition-and">and</span>}
      <Autocomplete
        ref={field}
        aria-label={`${name}: field`}
        placeholder="priority"
        data={[...fields]}
        value={draft.field}
        onChange={(field) => onEdit({ field })}
        spellCheck={false}
        autoComplete="off"
        filter={offeredFor}
        limit={30}
      />
      {offered.length > 1 ? (
        <Select
          aria-label={`${name}: operator`}
          data={offered}
          value={draft.operator}
          allowDeselect={false}
          onChange={(operator) => operator && onEdit({ operator })}
        />
      ) : (
        <span className="condition-operator">{operatorWords(draft.operator)}</span>
      )}
      <TextInput
        aria-label={`${name}: value`}
        placeholder="critical"
        value={draft.text}
        onChange={(event) => onEdit({ text: event.currentTarget.value })}
        spellCheck={false}
      />
      <ActionIcon variant="subtle" color="gray" aria-label={`Remove condition ${number}`} onClick={onRemove}>
        <IconX size={16} color="var(--ink-soft)" />
      </ActionIcon>
    </div>
  )
}
