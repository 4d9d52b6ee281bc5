/** The value of a condition, with the field that fits it: text, number, date, duration, or several as chips. */
import { Autocomplete, Group, NumberInput, Select, TagsInput, TextInput } from '@mantine/core'
import { useEffect, useState } from 'react'
import { offeredFor } from '../forms/offered'
import type { Row } from '../model/conditions'
import { type Json, sameValue } from '../model/document'
import {
  DURATION_UNITS,
  type FieldType,
  readDuration,
  readTyped,
  showTyped,
  type ValueKind,
  valueKind,
  writeDuration,
} from '../model/operators'

interface Props {
  label: string
  type: FieldType
  row: Row
  examples: readonly Json[]
  onChange: (value: Json) => void
}

export function ConditionValue({ label, type, row, examples, onChange }: Props) {
  const kind = valueKind(type, row.operator, row.value)
  const common = { label, value: row.value, onChange }
  if (kind === 'none') return null
  if (kind === 'list')
    return <Several {...common} kind={type === 'text' ? 'text' : 'any'} examples={examples} />
  if (kind === 'duration' && typeof row.value === 'string') {
    const duration = readDuration(row.value)
    if (duration) return <DurationValue label={label} {...duration} onChange={onChange} />
  }
  if (kind === 'date' && /^(\d{4}-\d\d-\d\d)?$/.test(String(row.value))) {
    return (
      <TextInput
        type="date"
        aria-label={label}
        value={String(row.value)}
        onChange={(event) => onChange(event.currentTarget.value)}
      />
    )
  }
  return <Single {...common} kind={kind} examples={examples} />
}

interface SingleProps {
  label: string
  value: Json
  kind: ValueKind
  examples: readonly Json[]
  onChange: (value: Json) => void
}

/** One value by typing; what was seen in recent events is offered. */
function Single({ label, value, kind, examples, onChange }: SingleProps) {
  const [typed, setTyped] = useState(() => showTyped(value, kind))
  useEffect(() => {
    setTyped((standing) => (sameValue(readTyped(standing, kind), value) ? standing : showTyped(value, kind)))
  }, [value, kind])
  const isOdd = kind === 'number' && value !== '' && typeof value !== 'number'
  return (
    <Autocomplete
      aria-label={label}
      placeholder={kind === 'number' ? '10000' : kind === 'date' ? '2026-12-31' : 'critical'}
      inputMode={kind === 'number' ? 'decimal' : 'text'}
      data={[...new Set(examples.map((example) => showTyped(example, kind)))]}
      value={typed}
      onChange={(text) => {
        setTyped(text)
        onChange(readTyped(text, kind))
      }}
      filter={offeredFor}
      comboboxProps={{ withinPortal: false }}
      limit={20}
      spellCheck={false}
      autoComplete="off"
      error={isOdd ? 'This field holds numbers.' : undefined}
    />
  )
}

function Several({ label, value, kind, examples, onChange }: SingleProps) {
  const items = Array.isArray(value) ? value : [value]
  return (
    <TagsInput
      aria-label={label}
      placeholder={items.length === 0 ? 'Type, then Enter' : ''}
      data={[...new Set(examples.map((example) => showTyped(example, kind)))]}
      value={items.map((item) => showTyped(item, kind))}
      onChange={(texts) => onChange(texts.map((text) => readTyped(text, kind)))}
      acceptValueOnBlur
      comboboxProps={{ withinPortal: false }}
      limit={20}
    />
  )
}

interface DurationProps {
  label: string
  amount: number
  unit: string
  onChange: (value: Json) => void
}

function DurationValue({ label, amount, unit, onChange }: DurationProps) {
  return (
    <Group gap={6} wrap="nowrap">
      <NumberInput
        aria-label={label}
        min={1}
        max={999_999}
        allowDecimal={false}
        hideControls
        w={70}
        value={amount}
        onChange={(typed) => typeof typed === 'number' && onChange(writeDuration({ amount: typed, unit }))}
      />
      <Select
        aria-label={`${label}, unit`}
        data={DURATION_UNITS.map(({ unit: value, words }) => ({ value, label: words }))}
        value={unit}
        allowDeselect={false}
        onChange={(chosen) => chosen && onChange(writeDuration({ amount, unit: chosen }))}
      />
    </Group>
  )
}
