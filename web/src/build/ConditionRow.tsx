/** One condition: field, operator, value. */
import { ActionIcon, Autocomplete, Select, Tooltip } from '@mantine/core'
import { IconLetterCase } from '@tabler/icons-react'
import { useMemo } from 'react'
import { offeredFor } from '../forms/offered'
import { changePart, chooseOperator } from '../model/conditionEdits'
import type { Part, Row } from '../model/conditions'
import type { KnownField } from '../model/events'
import { choiceIdOf, choicesFor, type FieldType, knowsCase, showTyped } from '../model/operators'
import { PartFrame, PartTools } from './ConditionParts'
import { ConditionValue } from './ConditionValue'
import { useConditions } from './conditionContext'

export function ConditionRow({ row, number }: { row: Row; number: string }) {
  const { fields, change } = useConditions()
  const name = `Condition ${number}`
  const known = useMemo(() => fieldNamed(fields, row.field), [fields, row.field])
  const type: FieldType = known?.type ?? 'unknown'
  const edit = (next: (standing: Row) => Row) =>
    change((tree) => changePart(tree, row.key, (part): Part => (part.kind === 'row' ? next(part) : part)))
  const choices = choicesFor(type, row.operator, row.value)
  return (
    <PartFrame part={row} name={name} className="condition">
      <div className="condition-line">
        <FieldName
          name={name}
          value={row.field}
          fields={fields}
          onChange={(field) => edit((standing) => ({ ...standing, field }))}
        />
        <Select
          className="condition-operator"
          rightSectionWidth={24}
          aria-label={`${name}: operator`}
          data={choices.map(({ id, words }) => ({ value: id, label: words }))}
          value={choiceIdOf(type, row.operator, row.value)}
          allowDeselect={false}
          maxDropdownHeight={320}
          comboboxProps={{ width: 190, position: 'bottom-end', withinPortal: false }}
          onChange={(id) => id && edit((standing) => chooseOperator(standing, id, type))}
        />
      </div>
      <div className="condition-line">
        <div className="condition-value">
          <ConditionValue
            label={`${name}: value`}
            type={type}
            row={row}
            examples={known?.examples ?? []}
            onChange={(value) => edit((standing) => ({ ...standing, value }))}
          />
        </div>
        {knowsCase(row.operator, row.value) && (
          <CaseButton
            name={name}
            isIgnored={row.ignoreCase === true}
            onChange={(isIgnored) =>
              edit((standing) => ({ ...standing, ignoreCase: isIgnored ? true : undefined, isShort: true }))
            }
          />
        )}
        <PartTools part={row} name={name} remove={`Remove condition ${number}`} />
      </div>
    </PartFrame>
  )
}

/** What is known of a field, with or without the `record.` before its name. */
function fieldNamed(fields: readonly KnownField[], name: string): KnownField | undefined {
  const plain = name.trim().replace(/^record\./, '')
  const found = fields.find(({ path }) => path === name.trim() || path === plain)
  if (found) return found
  return plain === 'event.time' ? { path: plain, type: 'date', examples: [], share: 1 } : undefined
}

interface FieldNameProps {
  name: string
  value: string
  fields: readonly KnownField[]
  onChange: (field: string) => void
}

function FieldName({ name, value, fields, onChange }: FieldNameProps) {
  const byPath = useMemo(() => new Map(fields.map((field) => [field.path, field])), [fields])
  return (
    <Autocomplete
      className="condition-field"
      aria-label={`${name}: field`}
      placeholder="priority"
      data={fields.map(({ path }) => path)}
      value={value}
      onChange={onChange}
      spellCheck={false}
      autoComplete="off"
      filter={offeredFor}
      limit={60}
      maxDropdownHeight={320}
      comboboxProps={{ width: 300, position: 'bottom-start', withinPortal: false }}
      renderOption={({ option }) => <FieldOption path={option.value} field={byPath.get(option.value)} />}
    />
  )
}

function FieldOption({ path, field }: { path: string; field: KnownField | undefined }) {
  const examples = (field?.examples ?? []).slice(0, 3).map((example) => showTyped(example, 'text'))
  return (
    <span className="field-option">
      <b>{path}</b>
      {field && <span className="field-share">in {Math.round(field.share * 100)} %</span>}
      {examples.length > 0 && (
        <span className="field-examples" title={examples.join(', ')}>
          {examples.join(', ')}
        </span>
      )}
    </span>
  )
}

interface CaseProps {
  name: string
  isIgnored: boolean
  onChange: (isIgnored: boolean) => void
}

function CaseButton({ name, isIgnored, onChange }: CaseProps) {
  return (
    <Tooltip
      label={isIgnored ? 'Capital and small letters are the same' : 'Capital and small letters differ'}
    >
      <ActionIcon
        variant={isIgnored ? 'light' : 'subtle'}
        color={isIgnored ? undefined : 'gray'}
        size={26}
        aria-label={`${name}: ignore case`}
        aria-pressed={isIgnored}
        onClick={() => onChange(!isIgnored)}
      >
        <IconLetterCase size={16} color={isIgnored ? 'var(--accent-ink)' : 'var(--ink-soft)'} />
      </ActionIcon>
    </Tooltip>
  )
}
