/** A form made of a JSON Schema: one field for each property, with our own few widgets. */
import {
  Autocomplete,
  Group,
  JsonInput,
  NumberInput,
  Radio,
  Select,
  Stack,
  TagsInput,
  Textarea,
  TextInput,
} from '@mantine/core'
import { useContext, useEffect, useState } from 'react'
import type { JsonSchema } from '../api/types'
import { type Json, type JsonObject, sameValue } from '../model/document'
import { readTypedValue, typedText } from '../model/operators'
import { offeredFor } from './offered'
import { type Field, fieldsOf } from './schema'
import { TemplateNames, TemplateText } from './TemplateText'

interface Props {
  schema: JsonSchema
  value: JsonObject
  /** The new value of one field; undefined takes it away. */
  onChange: (name: string, value: Json | undefined) => void
  problems?: ReadonlyMap<string, string>
  /** Fields that the schema does not name stand in a list below. */
  isReadOnly?: boolean
}

export function SchemaForm({ schema, value, onChange, problems, isReadOnly = false }: Props) {
  return (
    <Stack gap="md">
      {fieldsOf(schema).map((field) => (
        <FieldInput
          key={field.name}
          field={field}
          value={value[field.name]}
          error={problems?.get(field.name)}
          isReadOnly={isReadOnly}
          onChange={(changed) => onChange(field.name, changed)}
        />
      ))}
    </Stack>
  )
}

interface InputProps {
  field: Field
  value: Json | undefined
  error: string | undefined
  isReadOnly: boolean
  onChange: (value: Json | undefined) => void
}

function FieldInput({ field, value, error, isReadOnly, onChange }: InputProps) {
  const common = {
    label: field.label,
    description: field.description,
    error,
    required: field.isRequired,
    readOnly: isReadOnly,
    name: field.name,
  }
  const fallback = field.default === undefined || field.default === null ? undefined : String(field.default)
  const placeholder = typeof field.default === 'string' && field.default !== '' ? field.default : undefined
  const text = asText(value)
  const onText = (typed: string) => onChange(fromText(typed, value))
  const canName = useContext(TemplateNames).length > 0
  if (isUnexpected(field, value)) return <JsonField {...common} value={value} onChange={onChange} />
  if (canName && field.isTemplate && (field.kind === 'line' || field.kind === 'text')) {
    const isLong = field.kind === 'text'
    return (
      <TemplateText {...common} placeholder={placeholder} isLong={isLong} value={text} onChange={onText} />
    )
  }
  switch (field.kind) {
    case 'line':
      return (
        <TextInput
          {...common}
          placeholder={placeholder}
          value={text}
          onChange={(event) => onText(event.currentTarget.value)}
        />
      )
    case 'text':
      return (
        <Textarea
          {...common}
          placeholder={placeholder}
          autosize
          minRows={3}
          maxRows={14}
          value={text}
          onChange={(event) => onText(event.currentTarget.value)}
        />
      )
    case 'openChoice':
      return (
        <Autocomplete
          filter={offeredFor}
          {...common}
          placeholder={fallback}
          data={field.options}
          value={text}
          onChange={onText}
        />
      )
    case 'choice':
      return (
        <Select
          {...common}
          placeholder={fallback}
          data={field.options}
          value={text === '' ? null : text}
          clearable={!field.isRequired}
          onChange={(chosen) => onChange(chosen ?? undefined)}
        />
      )
    case 'number':
      return (
        <NumberInput
          {...common}
          placeholder={fallback}
          value={typeof value === 'number' ? value : ''}
          onChange={(typed) => onChange(typeof typed === 'number' ? typed : undefined)}
        />
      )
    case 'yesno':
      return (
        <Radio.Group
          label={field.label}
          description={field.description}
          error={error}
          required={field.isRequired}
          value={typeof value === 'boolean' ? String(value) : ''}
          onChange={(chosen) => !isReadOnly && onChange(chosen === 'true')}
        >
          <Group mt={6}>
            <Radio value="true" label="Yes" />
            <Radio value="false" label="No" />
          </Group>
        </Radio.Group>
      )
    case 'list':
      return (
        <TagsInput
          {...common}
          value={Array.isArray(value) ? value.map(String) : []}
          placeholder="Type, then Enter"
          onChange={(items) => onChange(items.length > 0 ? items : undefined)}
        />
      )
    case 'value':
      return <ValueInput {...common} value={value} onChange={onChange} />
    case 'json':
      return <JsonField {...common} value={value} onChange={onChange} />
  }
}

/** Whether what is written there is of a shape that the field's widget cannot show. */
function isUnexpected(field: Field, value: Json | undefined): boolean {
  if (value === undefined || value === null) return false
  const isTree = typeof value === 'object'
  if (field.kind === 'line' || field.kind === 'text') {
    return isTree && !(Array.isArray(value) && value.every((item) => typeof item === 'string'))
  }
  if (field.kind === 'openChoice' || field.kind === 'choice') return isTree
  if (field.kind === 'number') return typeof value !== 'number'
  if (field.kind === 'yesno') return typeof value !== 'boolean'
  if (field.kind === 'list') return !Array.isArray(value) || value.some((item) => typeof item === 'object')
  return false
}

/** Several addresses written as a list are shown with commas. */
function asText(value: Json | undefined): string {
  if (value === undefined || value === null) return ''
  return Array.isArray(value) ? value.join(', ') : String(value)
}

function fromText(typed: string, before: Json | undefined): Json | undefined {
  if (typed === '') return undefined
  return Array.isArray(before) ? typed.split(/,\s*/) : typed
}

type ValueProps = {
  label: string
  description?: string | undefined
  error: string | undefined
  required: boolean
  readOnly: boolean
  value: Json | undefined
  onChange: (value: Json | undefined) => void
}

/** A value of any type: numbers, true, false and null mean themselves, everything else is text. */
function ValueInput({ value, onChange, ...common }: ValueProps) {
  const [typed, setTyped] = useState(value === undefined ? '' : typedText(value))
  useEffect(() => {
    setTyped((standing) =>
      sameValue(read(standing), value) ? standing : value === undefined ? '' : typedText(value),
    )
  }, [value])
  if (typeof value === 'object' && value !== null)
    return <JsonField {...common} value={value} onChange={onChange} />
  return (
    <TextInput
      {...common}
      value={typed}
      onChange={(event) => {
        setTyped(event.currentTarget.value)
        onChange(read(event.currentTarget.value))
      }}
    />
  )
}

const read = (typed: string): Json | undefined => (typed === '' ? undefined : readTypedValue(typed))

/** JSON as text; it reaches the document whenever it can be read. */
export function JsonField({ value, onChange, error, ...common }: ValueProps) {
  const [typed, setTyped] = useState(value == null ? '' : JSON.stringify(value, null, 2))
  const parsed = parse(typed)
  useEffect(() => {
    setTyped((standing) => {
      const known = parse(standing)
      const isSame = known.isRead && sameValue(known.value ?? undefined, value ?? undefined)
      return isSame || !known.isRead ? standing : value == null ? '' : JSON.stringify(value, null, 2)
    })
  }, [value])
  return (
    <JsonInput
      {...common}
      autosize
      minRows={2}
      maxRows={16}
      spellCheck={false}
      placeholder="JSON"
      styles={{ input: { fontFamily: 'ui-monospace, Menlo, Consolas, monospace', fontSize: 13 } }}
      value={typed}
      error={parsed.isRead ? error : 'This is no JSON yet.'}
      onChange={(text) => {
        setTyped(text)
        const next = parse(text)
        if (next.isRead) onChange(next.value)
      }}
    />
  )
}

function parse(text: string): { isRead: boolean; value?: Json | undefined } {
  if (text.trim() === '') return { isRead: true, value: undefined }
  try {
    return { isRead: true, value: JSON.parse(text) as Json }
  } catch {
    return { isRead: false }
  }
}
